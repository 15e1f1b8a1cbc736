/**
 * Runs the fuzz in a process of its own, so that a mutated library can be loaded instead:
 * `node [--import …/register.ts] child.ts <first seed> <last seed> <steps>`.
 * Exit code 0: all seeds passed; 3: one failed, its reason is on stdout.
 */
import { runSeed } from "./run-seed.ts";

const [first = 1, last = 1, steps = 40] = process.argv.slice(2).map(Number);
for (let seed = first; seed <= last; seed++) {
  try {
    await runSeed(seed, steps, new Map());
  } catch (error) {
    console.log(error instanceof Error ? error.message : String(error));
    process.exit(3);
  }
}
