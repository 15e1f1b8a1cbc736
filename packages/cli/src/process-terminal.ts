import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
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
    readAll: async () => textOf(await buffer(process.stdin)),
    lines: readLines,
    askSecret,
    interrupted: interrupted.signal,
  };
}

/** Each octet comes as one character, so that what is no UTF-8 is not replaced on the way. */
async function* readLines(): AsyncGenerator<string> {
  process.stdin.setEncoding("latin1");
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  for await (const line of lines) yield textOf(Buffer.from(line, "latin1"));
}

/** Nobody would notice what was replaced in it: it is text, or it is refused. */
function textOf(octets: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(octets);
  } catch {
    throw new CliFailure(EXIT.usage, "inputInvalid", "the standard input is no text in UTF-8", {
      help: "Other octets go as a file: `treehouse send <conversation> --file <path>`.",
    });
  }
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
