import { CliFailure, EXIT } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

const lengthMin = 10;

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
  const password = await readPassword(terminal, fromStdin);
  if (password.length < lengthMin) {
    throw new CliFailure(
      EXIT.usage,
      "passwordTooShort",
      `a password has at least ${lengthMin} characters`,
      { help: "It protects the keys of the account: choose one that nobody can guess." },
    );
  }
  const asked = !fromStdin && (terminal.env["TREEHOUSE_PASSWORD"] ?? "") === "";
  if (asked && (await terminal.askSecret("The same again: ")) !== password) {
    throw new CliFailure(EXIT.usage, "passwordsDiffer", "the two passwords differ");
  }
  return password;
}
