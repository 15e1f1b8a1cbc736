import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mintRoomUri, parseDomain, userUri, utf8Decode, utf8Encode } from "@treehouse/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { findTerms, parseQuery } from "../search/index.ts";
import { openSqlite } from "../storage-sqlite/index.ts";
import {
  type Describer,
  type LocalStore,
  type LocalTx,
  openLocalStore,
  type SearchPlace,
} from "./index.ts";
import { createTermHasher } from "./search-terms.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const key = random(32);
const toldBy = userUri(parseDomain("example.org"), "bob");
const room = mintRoomUri(parseDomain("example.org"), random);

/** Here a body is its text, and each change is an edit. */
const describer: Describer = {
  describe(row, changes) {
    const text = utf8Decode((changes.at(-1) ?? row).body);
    return { texts: [text], facets: [`length ${text.length}`] };
  },
  alters: () => true,
};

let directory: string;
let store: LocalStore;

const open = (as = describer) =>
  openLocalStore(openSqlite(join(directory, "s.sqlite")), key, random, as);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-search-"));
  store = await open();
});

afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const rowAt = (position: number, text: string, acceptedAt = position) =>
  ({
    room,
    position,
    messageId: `m${position}`,
    kind: "content",
    acceptedAt,
    body: utf8Encode(text),
  }) as const;
const write = (tx: LocalTx, position: number, text: string, acceptedAt = position) =>
  tx.messages.append(rowAt(position, text, acceptedAt), true);
const edit = (tx: LocalTx, position: number, target: number, text: string) =>
  tx.messages.append(
    {
      room,
      position,
      messageId: `m${position}`,
      kind: "change",
      target: `m${target}`,
      acceptedAt: position,
      body: utf8Encode(text),
    },
    true,
  );

const page = (query: string, order: "newest" | "best" = "newest") => {
  const { terms, since, until } = parseQuery(query, { now: 0, timeZone: "UTC" });
  return { terms, since, until, facets: [], order, after: undefined, limit: 1000 };
};
const found = (query: string, order?: "newest" | "best") =>
  store.transaction((tx) =>
    tx.search
      .find(page(query, order))
      .map(({ serial }) => tx.messages.bySerial(serial)?.position ?? 0),
  );

test("R-123 the index finds all that comparing every message finds, in any order of writing", async () => {
  const words = [
    "tea",
    "teapot",
    "té",
    "cake",
    "会議",
    "会議事録",
    "議事",
    "ภาษาไทย",
    "회의를",
    "👍",
    "x",
  ];
  const text = fc
    .array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 })
    .map((some) => some.join(" "));
  const query = fc
    .array(fc.tuple(fc.constantFrom("", "-"), fc.constantFrom(...words, '"tea cake"', "te*")), {
      minLength: 1,
      maxLength: 3,
    })
    .map((some) => some.map((parts) => parts.join("")).join(" "));
  const steps = fc.array(fc.tuple(fc.nat(2), fc.nat(8), text), { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, fc.array(query, { maxLength: 8 }), async (acts, queries) => {
      await store.wipe();
      const texts = new Map<number, string>();
      let position = 0;
      for (const [act, at, said] of acts) {
        position += 1;
        const target = [...texts.keys()][at];
        await store.transaction((tx) => {
          if (act === 0 || target === undefined) {
            write(tx, position, said);
            texts.set(position, said);
          } else if (act === 1) {
            edit(tx, position, target, said);
            texts.set(target, said);
          } else {
            tx.messages.erase({ room, position: target }, "deleted", new Uint8Array());
            texts.delete(target);
          }
        });
      }
      for (const one of queries) {
        const { terms } = page(one);
        const expected = [...texts]
          .filter(([, said]) => findTerms(terms, [said]) !== undefined)
          .map(([where]) => where);
        const candidates = await found(one);
        const compared = candidates.filter(
          (where) => findTerms(terms, [texts.get(where) ?? ""]) !== undefined,
        );
        expect([one, ...compared]).toEqual([one, ...expected.toReversed()]);
        expect(new Set(await found(one, "best"))).toEqual(new Set(candidates));
      }
    }),
    { numRuns: 15 },
  );
}, 30_000);

test("R-123 results come newest first whenever they were written, and the best where little else is said", async () => {
  await store.transaction((tx) => {
    write(tx, 1, "tea for two and much else that nobody asks for", 5_000);
    write(tx, 2, "tea", 1_000);
    write(tx, 3, "tea and cake", 3_000);
    write(tx, 4, "nothing", 4_000);
  });
  expect(await found("tea ")).toEqual([1, 3, 2]);
  expect(await found("tea ", "best")).toEqual([2, 3, 1]);
  expect(await found("after:1970-01-01T00:00:02 before:1970-01-01T00:00:05 tea ")).toEqual([3]);
  const [first] = await store.transaction((tx) => tx.search.find({ ...page("tea "), limit: 1 }));
  await store.transaction((tx) => write(tx, 5, "tea again", 9_000));
  const next = await store.transaction((tx) => tx.search.find({ ...page("tea "), after: first }));
  expect(next).toHaveLength(2);
});

test("R-123 the best say the words whole, of the newest thousand, and pages go on behind them", async () => {
  const texts = ["teapot", "tea for two", "tea"];
  await store.transaction((tx) => {
    for (let position = 1; position <= 1_005; position += 1) {
      write(tx, position, texts[position % texts.length] ?? "", position);
    }
  });
  const [of, some] = [new Map<number, string>(), 400];
  for (let position = 1; position <= 1_005; position += 1) {
    of.set(position, texts[position % texts.length] ?? "");
  }
  const order = ["tea", "tea for two", "teapot"];
  const ranked = (from: number, to: number) =>
    [...of]
      .filter(([position]) => position > from && position <= to)
      .toSorted(([a, said], [b, other]) => order.indexOf(said) - order.indexOf(other) || b - a)
      .map(([position]) => position);
  const seen: number[] = [];
  for (let after: SearchPlace | undefined; ;) {
    const next = await store.transaction((tx) => {
      const hits = tx.search.find({ ...page("tea", "best"), after, limit: some });
      seen.push(...hits.map(({ serial }) => tx.messages.bySerial(serial)?.position ?? 0));
      return hits;
    });
    // What comes in between is newer than all that is being paged through.
    await store.transaction((tx) => write(tx, 2_000 + seen.length, "tea", 2_000 + seen.length));
    after = next.at(-1);
    if (next.length < some) break;
  }
  expect(seen).toEqual([...ranked(5, 1_005), ...ranked(0, 5)]);
}, 30_000);

const files = () =>
  readdirSync(directory).map((name) => readFileSync(join(directory, name)).toString("latin1"));

test("R-052 nothing that a text was indexed by is in any file once it is deleted, edited or wiped", async () => {
  const hasher = createTermHasher(key);
  const stored = (text: string) => {
    const { words } = hasher.hashed({ texts: [text], facets: [] });
    // A term may share its beginning with the one before it in a page of the index.
    return words.split(" ").map((word) => word.slice(3));
  };
  const remains = (text: string) =>
    stored(text).filter((end) => files().some((content) => content.includes(end))).length;
  await store.transaction((tx) => {
    for (let position = 1; position <= 50; position += 1) write(tx, position, `other ${position}`);
    write(tx, 51, "canarydelete 金丝雀");
    write(tx, 52, "canaryedit");
  });
  expect(files().some((content) => content.includes("canary"))).toBe(false);
  // What is scanned for is there as long as it may be.
  await store.close();
  expect(remains("canarydelete")).toBe(1);
  expect(remains("canaryedit")).toBe(1);
  store = await open();
  await store.transaction((tx) => {
    tx.messages.erase({ room, position: 51 }, "deleted", new Uint8Array());
    edit(tx, 53, 52, "changed");
  });
  expect(await found("canarydelete ")).toEqual([]);
  expect(await found("canaryedit ")).toEqual([]);
  expect(await found("changed ")).toEqual([52]);
  expect(await found("other ")).toHaveLength(50);
  await store.close();
  expect(remains("canarydelete")).toBe(0);
  expect(remains("canaryedit")).toBe(0);
  store = await open();
  await store.wipe();
  expect(await found("other ")).toEqual([]);
});

test("what was there before the index is indexed in slices, which go on where they stopped", async () => {
  await store.close();
  // As a store of a release before: nothing can be found in it.
  const old = await openLocalStore(openSqlite(join(directory, "s.sqlite")), key, random);
  await old.transaction((tx) => {
    for (let position = 1; position <= 25; position += 1) write(tx, position, `tea ${position}`);
  });
  await old.transaction((tx) => tx.search.indexAnew());
  await old.close();
  store = await open();
  expect(await store.transaction((tx) => tx.search.indexSlice(10))).toEqual({
    done: 10,
    total: 25,
  });
  expect(await found("tea ")).toHaveLength(10);
  await store.transaction((tx) => {
    write(tx, 26, "tea now");
    // One that no slice has reached, and one that was.
    edit(tx, 27, 20, "coffee");
    edit(tx, 28, 2, "coffee");
    tx.messages.erase({ room, position: 21 }, "deleted", new Uint8Array());
  });
  expect(await found("coffee ")).toEqual([2]);
  await store.close();
  store = await open();
  await store.transaction((tx) => tx.search.indexSlice(10));
  const last = await store.transaction((tx) => tx.search.indexSlice(10));
  expect(last.done).toBe(last.total);
  expect(await found("tea ")).toHaveLength(23);
  expect(await found("coffee ")).toEqual([20, 2]);
});

test("R-058 what another client told is found, and makes way for what this one receives itself", async () => {
  const told = (tx: LocalTx, position: number, text: string, messageId = `m${position}`) =>
    tx.messages.append({ ...rowAt(position, text), messageId, toldBy }, true);
  await store.transaction((tx) => {
    told(tx, 1, "tea one");
    told(tx, 2, "tea two");
    told(tx, 3, "tea three", "another");
    told(tx, 1, "never");
  });
  expect(await found("tea ")).toEqual([3, 2, 1]);
  await store.transaction((tx) => {
    write(tx, 2, "tea two");
    write(tx, 3, "coffee");
    edit(tx, 4, 1, "cocoa");
  });
  expect(await found("tea ")).toEqual([2]);
  expect(await found("two ")).toEqual([2]);
  expect(await found("coffee ")).toEqual([3]);
  expect(await found("cocoa ")).toEqual([1]);
});

test("any number of messages of one millisecond are found, in the order of writing", async () => {
  await store.transaction((tx) => {
    for (let position = 1; position <= 2_100; position += 1) write(tx, position, "tea", 7);
  });
  const places = await store.transaction((tx) => tx.search.find({ ...page("tea "), limit: 3_000 }));
  expect(new Set(places.map(({ document }) => document)).size).toBe(2_100);
  expect((await found("tea ")).slice(0, 3)).toEqual([2_100, 2_099, 2_098]);
}, 30_000);

test("where words are divided in another way than when they were indexed, the index is made anew", async () => {
  await store.transaction((tx) => {
    for (let position = 1; position <= 5; position += 1) write(tx, position, `tea ${position}`);
  });
  await store.close();
  const other: Describer = {
    ...describer,
    describe: (row, changes) => {
      const before = describer.describe(row, changes);
      return before === undefined ? undefined : { ...before, texts: [...before.texts, "more"] };
    },
  };
  store = await open(other);
  await store.transaction((tx) =>
    tx.messages.erase({ room, position: 3 }, "deleted", new Uint8Array()),
  );
  expect(await found("tea ")).toEqual([]);
  const state = await store.transaction((tx) => tx.search.indexSlice(100));
  expect(state.done).toBe(state.total);
  expect(await found("tea ")).toEqual([5, 4, 2, 1]);
  expect(await found("more ")).toHaveLength(4);
});
