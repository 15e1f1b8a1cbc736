import { readFile } from "node:fs/promises";

import { CliFailure, EXIT } from "../failure.ts";
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

/**
 * The token of the user's own Telegram bot, from `TREEHOUSE_TELEGRAM_TOKEN`, the standard input, a file, or
 * asked at the terminal; never an argument, and never kept.
 */
export async function readTelegramToken(
  terminal: Terminal,
  options: { readonly tokenStdin?: boolean; readonly tokenFile?: string },
): Promise<string> {
  if (options.tokenStdin === true) return (await terminal.readAll()).trim();
  if (options.tokenFile !== undefined) {
    const text = await readFile(options.tokenFile, "utf8").catch((error: unknown) => {
      const message = `${options.tokenFile} cannot be read: ${String(error)}`;
      throw new CliFailure(EXIT.usage, "fileUnreadable", message);
    });
    return text.trim();
  }
  const fromEnv = terminal.env["TREEHOUSE_TELEGRAM_TOKEN"];
  if (fromEnv !== undefined && fromEnv !== "") return fromEnv;
  if (terminal.stdinIsTerminal) return terminal.askSecret("Token of your Telegram bot: ");
  throw new CliFailure(
    EXIT.usage,
    "tokenRequired",
    "Telegram gives sets to bots: a token is needed",
    {
      help: "Make a bot with @BotFather; give its token with --token-stdin, --token-file or TREEHOUSE_TELEGRAM_TOKEN.",
    },
  );
}
