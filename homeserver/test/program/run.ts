import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { quickStart } from "./quick-start.ts";

const main = fileURLToPath(new URL("../../../tools/start.mjs", import.meta.url));

export type Ran = {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a command of the program to its end. `started` gets the process, to be killed perhaps. */
export async function runProgram(
  args: readonly string[],
  options: {
    readonly variables?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly started?: (child: ChildProcess) => void;
  } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...quickStart(), ...options.variables },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  child.stdin.end(options.input ?? "");
  options.started?.(child);
  const [code, signal] = await once(child, "close");
  return { code: code ?? signal, stdout, stderr };
}
