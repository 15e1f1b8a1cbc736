import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mintClientUri, mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";

import {
  composeText,
  createReader,
  describer,
  searchableOf,
} from "../../../client-sdk/src/messages/index.ts";
import { findTerms, parseQuery } from "../../../client-sdk/src/search/index.ts";
import { sliceMessages } from "../../../client-sdk/src/client/searching/index.ts";
import { openSqlite } from "../../../client-sdk/src/storage-sqlite/index.ts";
import { type LocalStore, openLocalStore } from "../../../client-sdk/src/storage/index.ts";
import { createTexts } from "./texts.ts";
import { type Measurement, percentile } from "./report.ts";
import { random } from "./world/people.ts";

const acceptedFrom = Date.UTC(2025, 0, 1);
/** Between two messages. */
const pauseMs = 5 * 60_000;
const pageHits = 20;

/**
 * A store full of messages that nobody has indexed, as one of a release before: how fast it is indexed,
 * with all that it takes to read a stored message, and how long a page of results takes then.
 */
export async function benchSearch(
  options: { readonly messages: number; readonly queries: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  try {
    const path = join(directory, "store.sqlite");
    const key = random(32);
    const database = openSqlite(path);
    await (await fill(await openLocalStore(database, key, random), options.messages)).close();
    const store = await openLocalStore(openSqlite(path), key, random, describer);
    await store.transaction((tx) => tx.search.indexAnew());
    const plainBytes = statSync(path).size;
    const indexed = await timed(() => indexAll(store));
    const figures = {
      indexPerSecond: options.messages / (indexed.wallMs / 1000),
      indexPerCpuSecond: options.messages / (indexed.cpuMs / 1000),
      ...(await askAll(store, options.queries)),
    };
    await store.close();
    const indexBytesPerMessage = (statSync(path).size - plainBytes) / options.messages;
    report({
      name: "search",
      parameters: { ...options, words: 12, pageHits },
      figures: { ...figures, indexBytesPerMessage },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function fill(store: LocalStore, messages: number): Promise<LocalStore> {
  const domain = parseDomain("localhost");
  const room = mintRoomUri(domain, random);
  const sender = userUri(domain, "alice");
  const client = mintClientUri(sender, random);
  const reader = createReader({
    profile: () => () => undefined,
    status: () => () => undefined,
    grant: () => () => undefined,
  });
  const texts = createTexts(1);
  for (let first = 1; first <= messages; first += sliceMessages) {
    await store.transaction((tx) => {
      for (let position = first; position < Math.min(messages + 1, first + sliceMessages);) {
        const acceptedAt = acceptedFrom + position * pauseMs;
        const { content } = composeText({ room, sender, random }, { text: texts.text(12) });
        const read = reader.read({ room, sender: client, plaintext: content, acceptedAt });
        const { messageId, body } = read;
        tx.messages.append({ room, position, messageId, kind: "content", acceptedAt, body }, true);
        position += 1;
      }
    });
  }
  return store;
}

async function indexAll(store: LocalStore): Promise<void> {
  for (;;) {
    const { done, total } = await store.transaction((tx) => tx.search.indexSlice(sliceMessages));
    if (done >= total) return;
  }
}

/** One to three words, the last one whole or in the making; what is found is compared and shown. */
async function askAll(store: LocalStore, queries: number) {
  const texts = createTexts(2);
  const times = { best: new Array<number>(), newest: new Array<number>() };
  const cpu = new Array<number>();
  let hits = 0;
  for (let count = 0; count < queries; count += 1) {
    const words = texts.text(1 + (count % 3));
    const query = count % 2 === 0 ? `${words} ` : words.slice(0, Math.max(2, words.length - 1));
    for (const order of ["best", "newest"] as const) {
      const { wallMs, cpuMs, value } = await timed(() => ask(store, query, order));
      times[order].push(wallMs);
      if (order === "best") cpu.push(cpuMs);
      hits += value;
    }
  }
  return {
    hits,
    bestP50Ms: percentile(times.best, 0.5),
    bestP95Ms: percentile(times.best, 0.95),
    bestCpuP95Ms: percentile(cpu, 0.95),
    newestP50Ms: percentile(times.newest, 0.5),
    newestP95Ms: percentile(times.newest, 0.95),
  };
}

function ask(store: LocalStore, text: string, order: "best" | "newest"): Promise<number> {
  const query = parseQuery(text, { now: acceptedFrom, timeZone: "UTC" });
  return store.transaction((tx) => {
    const page = { ...query, facets: [], order, after: undefined, limit: 2 * pageHits };
    const hits = tx.search
      .find(page)
      .slice(0, pageHits)
      .filter(({ serial }) => {
        const row = tx.messages.bySerial(serial);
        if (row === undefined) return false;
        const changes = tx.messages.changesOf(row.room, row.messageId);
        return findTerms(query.terms, searchableOf({ ...row, changes }).searchable.texts);
      });
    return hits.length;
  });
}

async function timed<T>(run: () => Promise<T>) {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  const value = await run();
  const { user, system } = process.cpuUsage(cpu);
  return { value, wallMs: performance.now() - wall, cpuMs: (user + system) / 1000 };
}
