import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";

import { CliFailure, EXIT } from "./failure.ts";
import type { Terminal } from "./terminal.ts";

/** The terminal of this process. A second interrupt ends the process at once. */
export function processTerminal(): Terminal {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
      interrupted.abort();
    });
  }
  return {
    env: process.env,
    stdoutIsTerminal: process.stdout.isTTY,
    stdinIsTerminal: process.stdin.isTTY,
    out: (data) => void process.stdout.write(data),
    err: (data) => void process.stderr.write(data),
    readAll: () => text(process.stdin),
    lines: () => createInterface({ input: process.stdin, crlfDelay: Infinity }),
    askSecret,
    interrupted: interrupted.signal,
  };
}

async function askSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CliFailure(EXIT.login, "passwordRequired", "there is no terminal to ask at", {
      help: "Set TREEHOUSE_PASSWORD or use --password-stdin.",
    });
  }
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: hidden, terminal: true });
  // Asked once the terminal echoes nothing any more, for an answer may come at once.
  process.stderr.write(question);
  try {
    return await new Promise<string>((resolve) => asking.question("", resolve));
  } finally {
    asking.close();
    process.stderr.write("\n");
  }
}
