import { type ExitCode, run, type Terminal } from "../../src/index.ts";

import { outputFailure } from "../../src/output-failure.ts";

/** What one run of the command printed, and how it ended. */
export type Ran = { readonly exit: ExitCode; readonly out: string; readonly err: string };

export type Hands = {
  readonly env?: Readonly<Record<string, string>>;
  /** The standard input. */
  readonly input?: string;
  readonly secrets?: readonly string[];
  readonly atTerminal?: boolean;
  readonly interrupted?: AbortSignal;
  /** Answers why what is printed cannot be written, if so. */
  losesOutput?(text: string): Error | undefined;
  /** Hears what is printed, as it comes. */
  heard?(text: string): void;
  /** The same, of what goes to people. */
  told?(text: string): void;
};

/** Runs the command in this process, with a terminal of its own. */
export async function runWith(args: readonly string[], hands: Hands = {}): Promise<Ran> {
  let [out, err] = ["", ""];
  const { input = "", atTerminal = false } = hands;
  const lost = new AbortController();
  const secrets = [...(hands.secrets ?? [])];
  const terminal: Terminal = {
    env: hands.env ?? {},
    stdoutIsTerminal: atTerminal,
    stdinIsTerminal: atTerminal,
    out(text) {
      const why = hands.losesOutput?.(text);
      if (why !== undefined) lost.abort(why);
      if (lost.signal.aborted) return;
      out += text;
      hands.heard?.(text);
    },
    async written() {
      if (lost.signal.aborted) throw outputFailure(lost.signal.reason);
    },
    outputLost: lost.signal,
    err(text) {
      err += text;
      hands.told?.(text);
    },
    readAll: () => Promise.resolve(input),
    async *lines() {
      for (const line of input.split("\n")) yield await Promise.resolve(line);
    },
    askSecret() {
      const secret = secrets.shift();
      return secret === undefined
        ? Promise.reject(new Error("there is nothing left to type"))
        : Promise.resolve(secret);
    },
    interrupted: hands.interrupted ?? new AbortController().signal,
  };
  const exit = await run(args, terminal);
  return { exit, out, err };
}
