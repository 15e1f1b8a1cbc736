import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { mintRoomUri, parseDomain, userUri, utf8Encode } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openSqlite } from "../storage-sqlite/index.ts";
import { type LocalStore, type MessageRow, openLocalStore } from "./index.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const key = random(32);
const domain = parseDomain("example.org");
const room = mintRoomUri(domain, random);
const self = userUri(domain, "alice");
const mallory = { toldBy: userUri(domain, "mallory"), hearsay: true };
const victor = { toldBy: userUri(domain, "victor"), hearsay: true };

let directory: string;
let store: LocalStore;
const database = () => openSqlite(join(directory, "store.sqlite"));
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-changes-"));
  store = await openLocalStore(database(), key, random);
});
afterEach(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const row = (position: number, part: Partial<MessageRow>): Omit<MessageRow, "serial"> => ({
  room,
  position,
  messageId: `m${position}`,
  kind: part.target === undefined ? "content" : "change",
  acceptedAt: position,
  body: utf8Encode("body"),
  author: "bob",
  what: part.target === undefined ? "text" : "edit",
  ...part,
});
const put = (...rows: readonly Omit<MessageRow, "serial">[]) =>
  store.transaction((tx) => rows.forEach((one) => tx.messages.append(one, true)));
/** The positions of what changes `m1`, and how many there are by each way of counting. */
const changes = () =>
  store.transaction(({ messages }) => ({
    counted: messages.changesOf(room, "m1").map(({ position }) => position),
    ofKind: messages.changesOfKind(room, "edit").map(({ position }) => position),
    all: messages.allChangesOf(room, "m1").map(({ position }) => position),
    count: messages.countChanges(room, "m1"),
    by: messages.countChangesBy(room, "m1", "bob"),
  }));
const tellers = [{}, { toldBy: self }, mallory, victor] as const;
const toldOnes = tellers.map((teller, at) => row(at + 2, { target: "m1", ...teller }));

test("T-04 FED-1060 what somebody else told of a message counts if the same one told the message", async () => {
  await put(...toldOnes);
  const all = [2, 3, 4, 5];
  const own = { counted: [2, 3], ofKind: [2, 3], all, count: 2, by: 2 };
  expect(await changes()).toEqual(own);
  await put(row(1, mallory));
  const counted = [2, 3, 4];
  expect(await changes()).toEqual({ counted, ofKind: counted, all, count: 3, by: 3 });
  // The message comes in itself, and with the told one goes what others than the user told of it.
  await put(row(1, {}));
  expect(await changes()).toEqual({ ...own, all: [2, 3] });
});

test("T-04 a change that a store of before has of somebody's word counts for that word alone", async () => {
  await put(row(1, {}), ...toldOnes);
  await store.close();
  const before = database();
  await before.transaction((sql) => {
    sql.run("ALTER TABLE messages DROP COLUMN hearsay");
    sql.run("UPDATE schema_version SET version = version - 1");
  });
  await before.close();
  store = await openLocalStore(database(), key, random);
  expect(await changes()).toMatchObject({ counted: [2], all: [2, 3, 4, 5] });
});
