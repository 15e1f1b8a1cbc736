import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";
import { BackupRefused } from "./backup/index.ts";

/** All of the standard input. */
export function readAll(): Promise<string> {
  return text(process.stdin);
}

/** Asks at the terminal, without showing what is typed. */
export async function ask(question: string): Promise<string> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: hidden, terminal: true });
  // Asked once the terminal echoes nothing any more, for an answer may come at once.
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve) => {
      // The terminal is in raw mode here: Ctrl-C is a key and no signal.
      asking.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
      asking.question("", resolve);
    });
  } finally {
    asking.close();
    process.stderr.write("\n");
  }
}

/** What is to be remembered is asked for twice. */
export async function askTwice(question: string): Promise<string> {
  const first = await ask(question);
  if ((await ask("The same again: ")) === first) return first;
  throw new BackupRefused("The two passphrases differ. Nothing was written.");
}
