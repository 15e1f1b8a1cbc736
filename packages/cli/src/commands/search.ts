import type { Client, SearchHit, SearchOptions } from "@treehouse/client-sdk";

import { CliFailure, EXIT } from "../failure.ts";
import type { Cli } from "./cli.ts";
import { withBriefClient } from "./cli.ts";
import { wholeNumber } from "./whole-number.ts";

type Options = { in?: string; from?: string; limit: string; cursor?: string; best?: boolean };

/** `treehouse search`: looks in everything that this store holds; works without a server. */
export function addSearchCommand(cli: Cli): void {
  cli.program
    .command("search")
    .description("find messages in this store; the query's language: docs/sdk/search.md")
    .argument(
      "<query>",
      'words, "phrases", -not, from:, in:, before:, after:, on:, has:, is:, kind:',
    )
    .option("--in <conversation>", "only there, as in: in the query")
    .option("--from <who>", "only theirs, as from: in the query")
    .option("--best", "the best first, instead of the newest")
    .option("--limit <number>", "at most so many", "20")
    .option("--cursor <cursor>", "go on behind the hit that had this cursor")
    .action(async (text: string, options: Options) => {
      const query = [...conditions(options), text].join(" ");
      const limit = wholeNumber("--limit", options.limit);
      await withBriefClient(
        cli,
        async (client) => {
          const hits = await find(client, query, limit, {
            order: options.best === true ? "best" : "newest",
            ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
          });
          cli.output().list("hits", hits.map(valueOf), (row) => lineOf(row));
          if (hits.length === 0) cli.output().hint("Nothing found.");
        },
        { offline: true },
      );
    });
}

function conditions(options: Options): readonly string[] {
  const given = Object.entries({ in: options.in, from: options.from });
  return given.flatMap(([field, value]) => {
    if (value === undefined) return [];
    if (!value.includes('"')) return [`${field}:"${value}"`];
    throw new CliFailure(EXIT.usage, "malformed", `--${field} takes no quotes`);
  });
}

const pageMax = 100;

/** So many hits, in as many pages as it takes. */
async function find(
  client: Client,
  query: string,
  limit: number,
  first: SearchOptions,
): Promise<readonly SearchHit[]> {
  const hits: SearchHit[] = [];
  let cursor = first.cursor;
  do {
    const size = Math.min(pageMax, limit - hits.length);
    const page = await client.search(query, { ...first, cursor, limit: size, complete: true });
    hits.push(...page.hits);
    cursor = page.cursor;
  } while (cursor !== undefined && hits.length < limit);
  return hits;
}

function valueOf({ message, snippet, cursor }: SearchHit) {
  const { conversation, position, acceptedAt, id, senderAddress: sender, type, text } = message;
  return { conversation, position, acceptedAt, id, sender, type, text, snippet, cursor };
}

function lineOf({ acceptedAt, sender, type, snippet }: ReturnType<typeof valueOf>): string {
  const { text, cutBefore, cutAfter } = snippet;
  const shown = `${cutBefore ? "…" : ""}${text}${cutAfter ? "…" : ""}`;
  const what = text === "" ? `(${type})` : shown;
  return `${new Date(acceptedAt).toISOString()} ${sender}: ${what}`;
}
