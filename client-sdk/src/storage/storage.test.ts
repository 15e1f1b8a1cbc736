import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mintRoomUri, parseDomain, utf8Decode, utf8Encode } from "@treehouse/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openNodeStore, openSqlite } from "../storage-sqlite/index.ts";
import { openLocalStore, StoreFault } from "./index.ts";
import { createSeal } from "./seal.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const room = mintRoomUri(parseDomain("example.org"), random);
const key = random(32);

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-store-"));
  path = join(directory, "store.sqlite");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (sealedUnder = key) => openLocalStore(openSqlite(path), sealedUnder, random);

test("a sealed value opens only at its own place, whole, and under its own key", () => {
  const seal = createSeal(key, random);
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.nat(), (value, place, at) => {
      const sealed = seal.seal(place, value);
      expect(seal.open(place, sealed)).toEqual(new Uint8Array(value));
      expect(seal.seal(place, value)).not.toEqual(sealed);
      expect(() => seal.open(`${place}.`, sealed)).toThrow(StoreFault);
      expect(() => createSeal(random(32), random).open(place, sealed)).toThrow(StoreFault);
      const changed = new Uint8Array(sealed);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 1;
      expect(() => seal.open(place, changed)).toThrow(StoreFault);
      expect(() => seal.open(place, sealed.subarray(0, at % sealed.length))).toThrow(StoreFault);
    }),
    { numRuns: 50 },
  );
});

test("what is stored is there after reopening, and its plaintext is in no file", async () => {
  const secret = "the canary of the store";
  const store = await open();
  await store.transaction((tx) => {
    tx.settings.put("control", utf8Encode(secret));
    tx.intents.add({ room, kind: "send", createdAt: 1, body: utf8Encode(secret) });
  });
  const files = () => readdirSync(directory).map((name) => readFileSync(join(directory, name)));
  // The search finds what is stored in the open, so it would find the canary.
  expect(files().some((content) => content.includes(room))).toBe(true);
  expect(files().some((content) => content.includes(secret))).toBe(false);
  await store.close();
  const again = await open();
  const stored = await again.transaction((tx) => tx.settings.get("control"));
  expect(utf8Decode(stored ?? new Uint8Array())).toBe(secret);
  expect((await again.transaction((tx) => tx.intents.list(room))).length).toBe(1);
  await again.close();
});

test("a closure that throws leaves nothing behind", async () => {
  const store = await open();
  const failing = store.transaction((tx) => {
    tx.settings.put("half", new Uint8Array(1));
    throw new Error("in the middle");
  });
  await expect(failing).rejects.toThrow("in the middle");
  expect(await store.transaction((tx) => tx.settings.get("half"))).toBeUndefined();
  await store.close();
  await expect(store.transaction(() => 1)).rejects.toMatchObject({ code: "closed" });
});

test("another key, a newer release and a second opener are refused by name", async () => {
  await (await open()).close();
  const wrong = openSqlite(path);
  await expect(openLocalStore(wrong, random(32), random)).rejects.toMatchObject({
    code: "storeKeyWrong",
  });
  await wrong.close();
  const database = openSqlite(path);
  expect(() => openSqlite(path)).toThrow(expect.objectContaining({ code: "storeInUse" }));
  await database.transaction((tx) => tx.run("UPDATE schema_version SET version = version + 1"));
  await expect(openLocalStore(database, key, random)).rejects.toMatchObject({
    code: "storeTooNew",
  });
  await database.close();
});

test("the store and its key are the owner's alone, and a key that was lost is not replaced", async () => {
  const first = await openNodeStore(path, undefined, random);
  await (await openLocalStore(first.database, first.key, random)).close();
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(statSync(`${path}.key`).mode & 0o077).toBe(0);
  const second = await openNodeStore(path, undefined, random);
  expect(second.key).toEqual(Buffer.from(first.key));
  await second.database.close();
  const short = openNodeStore(path, new Uint8Array(31), random);
  await expect(short).rejects.toMatchObject({ code: "storeKeyWrong" });
});

test("a full disk is told as such, and nothing of the transaction stays", async () => {
  const database = openSqlite(path);
  const store = await openLocalStore(database, key, random);
  await database.transaction((tx) => tx.all("PRAGMA max_page_count = 60"));
  const filling = store.transaction((tx) => {
    tx.settings.put("small", new Uint8Array(1));
    tx.settings.put("large", new Uint8Array(1_000_000));
  });
  await expect(filling).rejects.toMatchObject({ code: "storeFull" });
  expect(await store.transaction((tx) => tx.settings.get("small"))).toBeUndefined();
  await store.transaction((tx) => tx.settings.put("small", new Uint8Array(1)));
  await store.close();
});

test("an intent keeps its request until it is reset, and is found by what the stream echoes", async () => {
  const store = await open();
  await store.transaction((tx) => {
    const serial = tx.intents.add({ room, kind: "add", createdAt: 5, body: Uint8Array.of(1) });
    expect(tx.intents.get(serial)).toMatchObject({ status: "waiting", request: undefined });
    tx.intents.submit(serial, Uint8Array.of(2, 3), "aa");
    const submitted = tx.intents.byHash(room, "aa");
    expect(submitted).toMatchObject({ serial, status: "submitted", createdAt: 5 });
    expect(submitted?.request).toEqual(Uint8Array.of(2, 3));
    tx.intents.accept(serial, { position: 7, acceptedAt: 8 });
    expect(tx.intents.get(serial)).toMatchObject({
      status: "accepted",
      accepted: { position: 7, acceptedAt: 8 },
    });
    tx.intents.reset(serial);
    expect(tx.intents.byHash(room, "aa")).toBeUndefined();
    expect(tx.intents.get(serial)).toMatchObject({
      status: "waiting",
      request: undefined,
      accepted: undefined,
    });
    const later = tx.intents.add({ room, kind: "send", createdAt: 6, body: Uint8Array.of(9) });
    expect(tx.intents.list().map((intent) => intent.serial)).toEqual([serial, later]);
    tx.intents.delete(serial);
    tx.intents.delete(later);
    // Serial numbers are never used twice: a waiter of before must not get the end of another.
    const next = tx.intents.add({ room, kind: "send", createdAt: 7, body: Uint8Array.of(9) });
    expect(next).toBeGreaterThan(later);
  });
  await store.close();
});

test("a message id is stored once per room, whatever position it comes at", async () => {
  const store = await open();
  const message = (position: number, messageId: string) =>
    ({
      room,
      position,
      messageId,
      kind: "content",
      acceptedAt: 1,
      body: Uint8Array.of(1),
    }) as const;
  await store.transaction((tx) => {
    expect(tx.messages.append(message(1, "a"), false)).toBe(true);
    expect(tx.messages.append(message(2, "a"), false)).toBe(false);
    expect(tx.messages.append(message(3, "b"), false)).toBe(true);
    expect(tx.messages.page(room, undefined, 10).map(({ position }) => position)).toEqual([1, 3]);
    expect(tx.messages.page(room, 3, 10).map(({ position }) => position)).toEqual([1]);
    const [first] = tx.messages.unhandled(0, 10);
    tx.messages.markHandled(first?.serial ?? 0);
    expect(tx.messages.unhandled(0, 10).map(({ position }) => position)).toEqual([3]);
  });
  await store.close();
});

test("what was sent again is found by where it was taken last, and keeps its place", async () => {
  const store = await open();
  const base = { room, kind: "content", acceptedAt: 1, body: Uint8Array.of(1) } as const;
  await store.transaction((tx) => {
    tx.messages.append({ ...base, position: 1, messageId: "a" }, true);
    tx.messages.append({ ...base, position: 2, messageId: "b" }, true);
    tx.messages.noteNewest(room, "a", 9);
    tx.messages.noteNewest(room, "a", 7);
    const found = (from: number, to: number) =>
      tx.messages.contentsWithin(room, from, to).map(({ messageId }) => messageId);
    expect(found(9, 10)).toEqual(["a"]);
    expect(found(1, 8)).toEqual(["b"]);
    expect(found(1, 9)).toEqual(["a", "b"]);
    expect(tx.messages.page(room, undefined, 10).map(({ position }) => position)).toEqual([1, 2]);
  });
  await store.close();
});
