import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Writable } from "node:stream";

import { CliFailure, EXIT } from "./failure.ts";
import { outputFailure } from "./output-failure.ts";
import type { Terminal } from "./terminal.ts";

/** One Ctrl-C can arrive twice, from the terminal and from npx: that is one wish to stop. */
const repeatMs = 500;

/** The terminal of this process. A second interrupt ends the process at once. */
export function processTerminal(): Terminal {
  const interrupted = new AbortController();
  let repeated = true;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (interrupted.signal.aborted) {
        if (!repeated) process.exit(EXIT.interrupted);
        return;
      }
      interrupted.abort();
      setTimeout(() => {
        repeated = false;
      }, repeatMs).unref();
    });
  }
  const lost = new AbortController();
  process.stdout.on("error", (error) => lost.abort(error));
  // There is nobody left to tell.
  process.stderr.on("error", () => undefined);
  let last = Promise.resolve();
  return {
    env: process.env,
    stdoutIsTerminal: process.stdout.isTTY,
    stdinIsTerminal: process.stdin.isTTY,
    out(data) {
      // Writes come through in their order, so that the last one stands for all.
      last = new Promise((resolve) => {
        process.stdout.write(data, (error) => {
          if (error instanceof Error) lost.abort(error);
          resolve();
        });
      });
    },
    async written() {
      await last;
      if (lost.signal.aborted) throw outputFailure(lost.signal.reason);
    },
    outputLost: lost.signal,
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
    return await new Promise<string>((resolve, reject) => {
      const stop = () => reject(new CliFailure(EXIT.interrupted, "interrupted", "interrupted"));
      // The terminal is in raw mode here: Ctrl-C is a key and no signal.
      asking.on("SIGINT", stop);
      asking.on("close", stop);
      asking.question("", resolve);
    });
  } finally {
    asking.close();
    process.stderr.write("\n");
  }
}
