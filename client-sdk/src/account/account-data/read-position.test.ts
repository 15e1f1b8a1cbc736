import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseRoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { openNodeStore } from "../../storage-sqlite/index.ts";
import { type LocalTx, openLocalStore } from "../../storage/index.ts";
import { mergeEntries } from "./merge-entries.ts";
import { readPositionOf, writeRead } from "./read-position.ts";
import { recordOfRoom } from "./records.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const room = parseRoomUri(`mimi://a.example/r/${"a".repeat(26)}`);

/** A store with three messages of others, which came at 100, 200 and 300. */
async function inStore(run: (tx: LocalTx) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-read-"));
  const { database, key } = await openNodeStore(join(directory, "store"), undefined, random);
  const store = await openLocalStore(database, key, random);
  await store.transaction((tx) => {
    for (const position of [1, 2, 3]) {
      const place = { room, position, messageId: `m${position}`, acceptedAt: position * 100 };
      const body = new Uint8Array(1);
      tx.messages.append({ ...place, kind: "content", body, counts: 1 }, false);
    }
    tx.cursors.set({ stream: room, position: 3, hash: new Uint8Array(32) });
    run(tx);
  });
  await store.close();
  rmSync(directory, { recursive: true });
}

const note = (tx: LocalTx, value: number, at: number) =>
  tx.accountData.put({
    ...tx.accountData.get(recordOfRoom(room)),
    entries: { [`read ${room}`]: { value, at } },
  });

test.each([1e6, 1_700_000_000_000, Number.MAX_SAFE_INTEGER])(
  "R-049 a note of having read up to %d counts for what was there when it was made",
  async (mistake) => {
    await inStore((tx) => {
      note(tx, mistake, 250);
      expect(readPositionOf(tx, room)).toBe(2);
      expect(tx.unread.count(room, readPositionOf(tx, room)).messages).toBe(1);
    });
  },
);

test("R-049 what is read behind a mistaken note counts too, also merged with it once more", async () => {
  await inStore((tx) => {
    note(tx, 1e6, 150);
    const mistaken = tx.accountData.get(recordOfRoom(room));
    writeRead(tx, room, { position: 2, at: 1000 });
    expect(readPositionOf(tx, room)).toBe(2);
    const merged = tx.accountData.get(recordOfRoom(room));
    tx.accountData.put({ ...merged, entries: mergeEntries(merged.entries, mistaken.entries) });
    expect(readPositionOf(tx, room)).toBe(2);
    writeRead(tx, room, { position: 1e9, at: 1000 });
    expect(readPositionOf(tx, room)).toBe(3);
  });
});

test("R-049 what is beyond the room is read up to its last entry, and what is no position nowhere", async () => {
  await inStore((tx) => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5]) {
      const write = () => writeRead(tx, room, { position: wrong, at: 1 });
      expect(write).toThrow(expect.objectContaining({ code: "malformed" }));
    }
    writeRead(tx, room, { position: 300, at: 1 });
    expect(tx.accountData.get(recordOfRoom(room)).entries[`read ${room}`]).toMatchObject({
      value: 3,
    });
  });
});
