import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));

export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
};

/** Runs a program to its end; `started` gets the process, for instance to send it a signal. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly cwd?: string;
    readonly input?: string;
    heard?(out: string, child: ChildProcess): void;
  } = {},
): Promise<Ended> {
  const { env = {}, cwd = root, input = "" } = options;
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => {
    out += part.toString();
    options.heard?.(out, child);
  });
  child.stderr.on("data", (part: Buffer) => {
    err += part.toString();
  });
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, out, err }));
  });
}
