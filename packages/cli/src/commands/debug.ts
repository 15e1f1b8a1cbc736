import { readFile } from "node:fs/promises";

import { CliFailure, EXIT } from "../failure.ts";
import { jsonText } from "../output.ts";
import type { Cli } from "./cli.ts";

/** `treehouse debug decode`: any MLSMessage, or a struct of ours, as JSON. */
export function addDebugCommands(cli: Cli): void {
  cli.program
    .command("debug")
    .description("look inside")
    .command("decode")
    .description("show an MLSMessage or one of our structs as JSON")
    .argument(
      "[input]",
      "hex, base64url, or @file with the octets; nothing or - reads hex or base64url",
    )
    .option("--as <kind>", "the struct it is, when it could be several")
    .action(async (input: string | undefined, options: { as?: string }) => {
      const { decodeAny } = await import("../decode-any.ts");
      const value = decodeAny(await read(cli, input), options.as);
      cli.output().result(value, jsonText(value, 2).split("\n"));
    });
}

async function read(cli: Cli, input: string | undefined): Promise<string | Uint8Array> {
  if (input === undefined || input === "-") return (await cli.terminal.readAll()).trim();
  if (!input.startsWith("@")) return input;
  try {
    return new Uint8Array(await readFile(input.slice(1)));
  } catch {
    const message = `the file ${input.slice(1)} cannot be read`;
    throw new CliFailure(EXIT.notFound, "fileUnreadable", message);
  }
}
