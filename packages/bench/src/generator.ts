import { spawn } from "node:child_process";

/**
 * Benches whose own process is what is measured, at least in part: Node as everybody runs it.
 * All others only make load.
 */
const subjects: ReadonlySet<string> = new Set(["history", "login", "mls", "sdk", "search"]);

/**
 * Whoever makes the load is tied to one core, where threads of the collector cannot run beside it,
 * and each message waits as long as the generator stands still. With Node's own settings a look at
 * its whole heap every four seconds took 17 ms, which was the p99 of every server at 500 messages
 * a second, the bare ceiling's included.
 */
const flags = ["--single-threaded-gc", "--initial-heap-size=1024", "--max-semi-space-size=16"];

/** Whether this process is fit for the bench; if not, `runAsGenerator` starts one that is. */
export function isFit(bench: string): boolean {
  return subjects.has(bench) || flags.every((flag) => process.execArgv.includes(flag));
}

/** The same command in a process that stands still as little as one can. */
export async function runAsGenerator(args: readonly string[]): Promise<void> {
  const [, program = ""] = process.argv;
  const own = [...process.execArgv, ...flags, program, ...args];
  const child = spawn(process.execPath, own, { stdio: "inherit" });
  // Who stops the command stops what it measures, too.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}
