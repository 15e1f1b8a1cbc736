import { processTerminal } from "./process-terminal.ts";
import { run } from "./run.ts";

const terminal = processTerminal();
const exit = await run(process.argv.slice(2), terminal);
process.exitCode = exit;
// A command that was interrupted or timed out may have left something open. What it has printed
// is written out first.
if (terminal.outputLost.aborted) process.exit();
if (exit === 124 || exit === 130) process.stdout.write("", () => process.exit());
