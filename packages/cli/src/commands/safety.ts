import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";

/** A safety number as people read it out: three lines of twenty digits, and the text to scan. */
export function safetyText({ digits, payload }: Readonly<Record<"digits" | "payload", string>>) {
  const groups = digits.split(" ");
  const lines = [0, 4, 8].map((at) => groups.slice(at, at + 4).join(" "));
  return [...lines, payload];
}

/** Says how a comparison came out; one that is not a match is a failure, with an exit code. */
export function report(cli: Cli, name: string, result: "match" | "mismatch" | "unrelated"): void {
  if (result === "match") {
    cli.output().result({ name, result }, `${name}: the safety numbers match.`);
    return;
  }
  if (result === "unrelated") {
    throw new CliFailure(EXIT.usage, "unrelated", `this is not a safety number of ${name}`, {
      help: "Have the other side show the number for you, or the same conversation and epoch.",
    });
  }
  throw new CliFailure(EXIT.keyChanged, "mismatch", `the safety numbers of ${name} DIFFER`, {
    help: "Somebody may be in between: send nothing secret, and compare again by other means.",
  });
}
