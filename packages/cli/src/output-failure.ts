import { CliFailure, EXIT } from "./failure.ts";

/** What it is to a command that its output cannot be written. */
export function outputFailure(cause: unknown): CliFailure {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  // Whoever reads has seen enough, for instance `head`.
  if (code === "EPIPE") return new CliFailure(EXIT.done, "outputClosed", "nobody reads any more");
  const why = code === "ENOSPC" ? "there is no room left for it" : String(cause);
  return new CliFailure(EXIT.usage, "outputFailed", `the output cannot be written: ${why}`, {
    help: "What was asked for may have been done. Messages that were not shown stay new.",
  });
}
