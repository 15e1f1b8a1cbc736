import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type AssetLink,
  checkPackLink,
  formatPackLink,
  mintAssetUri,
  parseDomain,
  STICKER_LIMITS,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { mergeEntries } from "../account/account-data/merge-entries.ts";
import { STICKERS_RECORD } from "../account/index.ts";
import { type LocalStore, openLocalStore } from "../storage/index.ts";
import { openSqlite } from "../storage-sqlite/index.ts";
import { noteUsed, ownPacks, recentStickers, removeOwnPack, writeOwnPack } from "./own-packs.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const nothing = { describe: () => ({ texts: [], facets: [] }), alters: () => false };
const day = 24 * 3600 * 1000;

let directory: string;
let store: LocalStore;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-packs-"));
  store = await open("one");
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const open = (name: string) =>
  openLocalStore(openSqlite(join(directory, `${name}.sqlite`)), random(32), random, nothing);

const domain = parseDomain(`${"long-label.".repeat(10)}example`);
const link = (): string => {
  const asset: AssetLink = {
    uri: mintAssetUri(domain, random),
    size: 1,
    encryption: "chunked",
    key: random(16),
    nonce: random(7),
    hash: random(32),
    expires: 0,
    access: { kind: "bearer", secret: random(32) },
  };
  return formatPackLink(checkPackLink(asset));
};
const pack = (id: string, title = "T") =>
  ({ id, title, kind: "emoji", count: 1, link: link() }) as const;
const idOf = (number: number) => number.toString(16).padStart(32, "0");
const entriesOf = (one: LocalStore) =>
  one.transaction((tx) => tx.accountData.get(STICKERS_RECORD).entries);

test("R-093 packs stand in the order in which they were added, and go when they are removed", async () => {
  const ids = await store.transaction((tx) => {
    writeOwnPack(tx, pack("b"), 1);
    writeOwnPack(tx, pack("a"), 2);
    writeOwnPack(tx, pack("b", "again"), 3);
    writeOwnPack(tx, pack("c"), 4);
    removeOwnPack(tx, "a", 5);
    return ownPacks(tx).map(({ id, title }) => [id, title]);
  });
  expect(ids).toEqual([
    ["b", "again"],
    ["c", "T"],
  ]);
  await store.transaction((tx) => writeOwnPack(tx, pack("d"), 91 * day));
  expect(Object.keys(await entriesOf(store)).toSorted()).toEqual(["pack b", "pack c", "pack d"]);
});

test("R-094 a user has so many packs, with room for all of them, and not one more", async () => {
  const { packsPerUserMax } = STICKER_LIMITS;
  const title = "Ä".repeat(STICKER_LIMITS.packTitleMax);
  for (let number = 0; number < packsPerUserMax; number += 1) {
    // Those that were removed do not take the place of those that are there.
    await store.transaction((tx) => {
      writeOwnPack(tx, pack(idOf(1000 + number), title), number);
      removeOwnPack(tx, idOf(1000 + number), number);
      writeOwnPack(tx, pack(idOf(number), title), number);
    });
  }
  const one = store.transaction((tx) => writeOwnPack(tx, pack(idOf(99)), 99));
  await expect(one).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "packsPerUserMax" },
  });
  expect(await store.transaction((tx) => ownPacks(tx).length)).toBe(packsPerUserMax);
});

test("R-092 what was used last comes first, at whichever client, and no more than there is room for", async () => {
  await using other = {
    store: await open("other"),
    [Symbol.asyncDispose]: () => other.store.close(),
  };
  const { recentStickersMax } = STICKER_LIMITS;
  await store.transaction((tx) => {
    for (let at = 1; at <= recentStickersMax + 5; at += 1)
      noteUsed(tx, { pack: "p", sticker: `s${at}` }, at);
    noteUsed(tx, { pack: "p", sticker: "s10" }, 100);
  });
  const used = await store.transaction((tx) => recentStickers(tx).map(({ sticker }) => sticker));
  expect(used).toHaveLength(recentStickersMax);
  expect(used.slice(0, 2)).toEqual(["s10", `s${recentStickersMax + 5}`]);
  await other.store.transaction((tx) => noteUsed(tx, { pack: "q", sticker: "elsewhere" }, 101));
  const entries = mergeEntries(await entriesOf(store), await entriesOf(other.store));
  const merged = await store.transaction((tx) => {
    tx.accountData.put({ ...tx.accountData.get(STICKERS_RECORD), entries });
    return recentStickers(tx);
  });
  expect(merged[0]).toEqual({ pack: "q", sticker: "elsewhere" });
  expect(merged.length).toBeLessThanOrEqual(recentStickersMax);
});
