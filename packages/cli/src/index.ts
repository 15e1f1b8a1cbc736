/** The `treehouse` command, to be run in another process's stead: tests and the demo use it. */
export { EXIT, type ExitCode } from "./failure.ts";
export { run } from "./run.ts";
export type { Terminal } from "./terminal.ts";
