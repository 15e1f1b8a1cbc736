import { processTerminal } from "./process-terminal.ts";
import { run } from "./run.ts";

process.exitCode = await run(process.argv.slice(2), processTerminal());
// A command that was interrupted or timed out may have left something open.
if (process.exitCode === 124 || process.exitCode === 130) process.exit();
