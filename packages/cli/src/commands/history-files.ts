import { createReadStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";

import type { Client, ExportWanted } from "@treehouse/client-sdk";
import type { Command } from "commander";

import { CliFailure, EXIT } from "../failure.ts";
import { jsonText } from "../output.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";

type ExportOptions = {
  readonly in?: readonly string[];
  readonly since?: string;
  readonly archive?: string;
};

/** `treehouse history export` and `import`. */
export function addHistoryFiles(cli: Cli, noun: Command): void {
  noun
    .command("export")
    .description("write what this store holds to the standard output, as JSON lines")
    .option("--in <conversation...>", "only these")
    .option("--since <when>", "only from then on: a date, or so long ago: 12h, 30d, 2y")
    .option("--archive <file>", "as one sealed file, which `history import` takes in")
    .action(async (options: ExportOptions) => {
      const since = options.since === undefined ? undefined : timeOf(options.since, Date.now());
      await withBriefClient(
        cli,
        async (client) => {
          const wanted = { since, conversations: await idsOf(client, options.in) };
          if (options.archive === undefined) {
            for await (const line of client.history.export(wanted)) {
              cli.terminal.out(`${jsonText(line)}\n`);
            }
          } else await writeFile(cli, client, options.archive, wanted);
        },
        { offline: true },
      );
    });
  noun
    .command("import")
    .description("take in an archive of your own; what is here stays as it is")
    .argument("<file>", "as `history export --archive` wrote it")
    .action(async (file: string) => {
      await withBriefClient(
        cli,
        async (client) => {
          const pace = paced(cli);
          const source = createReadStream(file);
          const counts = await client.history
            .import(source, ({ added, known, bytes }) =>
              pace(`${added} taken in, ${known} known, ${megabytes(bytes)}`),
            )
            .catch((error: unknown) => {
              throw isMissing(error) ? noFile(file) : error;
            });
          const { added, known, erased, refused } = counts;
          const text = `${added} taken in, ${known} known, ${erased} erased, ${refused} refused`;
          cli.output().result({ ...counts }, text);
        },
        { offline: true },
      );
    });
}

async function idsOf(client: Client, references: readonly string[] | undefined) {
  if (references === undefined) return undefined;
  const found = [];
  for (const reference of references) found.push((await client.conversations.get(reference)).id);
  return found;
}

/** The file is there whole, or as it was before. */
async function writeFile(cli: Cli, client: Client, file: string, wanted: ExportWanted) {
  const part = `${file}.part`;
  await rm(part, { force: true });
  const handle = await open(part, "wx", 0o600);
  const pace = paced(cli);
  let [rows, bytes] = [0, 0];
  try {
    const pieces = client.history.archive(wanted, (done) => {
      rows = done.rows;
      pace(`${rows} messages and events, ${megabytes(done.bytes)}`);
    });
    for await (const piece of pieces) {
      await handle.appendFile(piece);
      bytes += piece.length;
    }
    await handle.sync();
    await rename(part, file);
  } finally {
    await handle.close();
    await rm(part, { force: true });
  }
  const text = `${rows} messages and events, ${megabytes(bytes)}, in ${file}`;
  cli.output().result({ file, rows, bytes }, text);
}

const paceMs = 1_000;

/** Says how far it is on the standard error, now and then. */
export function paced(cli: Cli): (text: string) => void {
  let last = Date.now();
  return (text) => {
    if (Date.now() - last < paceMs) return;
    last = Date.now();
    cli.output().note(text);
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

const units: Readonly<Record<string, number>> = {
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  y: 365.25 * 86_400_000,
};

function timeOf(text: string, now: number): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([hdwy])$/.exec(text) ?? [];
  const at = count === "" ? Date.parse(text) : now - Number(count) * (units[unit] ?? 0);
  if (Number.isFinite(at)) return Math.max(0, Math.floor(at));
  throw new CliFailure(EXIT.usage, "badTime", `--since takes a date, or 12h, 30d, 2y`);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function noFile(file: string): CliFailure {
  return new CliFailure(EXIT.notFound, "notFound", `there is no file ${file}`);
}
