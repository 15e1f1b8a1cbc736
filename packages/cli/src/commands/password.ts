import { PASSWORD_LIMITS } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/**
 * The password, from `TREEHOUSE_PASSWORD`, the standard input, or asked at the terminal. It is
 * never an argument: those are seen by every process of the machine.
 */
export async function readPassword(terminal: Terminal, fromStdin: boolean): Promise<string> {
  const fromEnv = terminal.env["TREEHOUSE_PASSWORD"];
  if (fromStdin) return (await terminal.readAll()).replace(/\r?\n$/, "");
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv;
  return terminal.askSecret("Password: ");
}

/** A password to be set: asked twice at a terminal, and long enough to resist guessing. */
export async function readNewPassword(terminal: Terminal, fromStdin: boolean): Promise<string> {
  const password = checkLength(await readPassword(terminal, fromStdin));
  const asked = !fromStdin && (terminal.env["TREEHOUSE_PASSWORD"] ?? "") === "";
  if (asked) await askAgain(terminal, password);
  return password;
}

/** The one that is to take the place of the password: from the standard input, or asked twice. */
export async function readChangedPassword(terminal: Terminal, fromStdin: boolean): Promise<string> {
  if (fromStdin) return checkLength((await terminal.readAll()).replace(/\r?\n$/, ""));
  const password = checkLength(await terminal.askSecret("New password: "));
  await askAgain(terminal, password);
  return password;
}

function checkLength(password: string): string {
  const { passwordCharactersMin } = PASSWORD_LIMITS;
  if (Array.from(password).length >= passwordCharactersMin) return password;
  throw new CliFailure(
    EXIT.usage,
    "passwordTooShort",
    `a password has at least ${passwordCharactersMin} characters`,
    { help: "It protects the keys of the account: choose one that nobody can guess." },
  );
}

async function askAgain(terminal: Terminal, password: string): Promise<void> {
  if ((await terminal.askSecret("The same again: ")) === password) return;
  throw new CliFailure(EXIT.usage, "passwordsDiffer", "the two passwords differ");
}
