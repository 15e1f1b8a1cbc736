import type { Terminal } from "../terminal.ts";

/** Whom to ask for a code of the second factor: nobody where there is no terminal. */
export function askCode(terminal: Terminal): (() => Promise<string>) | undefined {
  if (!terminal.stdinIsTerminal) return undefined;
  return () => terminal.askSecret("Code of the authenticator app, or a recovery code: ");
}

/**
 * The recovery key, from `TREEHOUSE_RECOVERY_KEY`, the standard input, or asked at the terminal; like a
 * password never an argument.
 */
export async function readRecoveryKey(terminal: Terminal, fromStdin: boolean): Promise<string> {
  const fromEnv = terminal.env["TREEHOUSE_RECOVERY_KEY"];
  if (fromStdin) return (await terminal.readAll()).trim();
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv;
  return terminal.askSecret("Recovery key: ");
}
