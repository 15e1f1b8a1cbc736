import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { OpenStore } from "../store/store.contract.ts";

const room = mintRoomUri(parseDomain("hub.example"), (length) => new Uint8Array(length).fill(6));
const other = mintRoomUri(parseDomain("hub.example"), (length) => new Uint8Array(length).fill(7));
const bytes = (value: number) => new Uint8Array(32).fill(value);

/** How every adapter keeps the last words of hubs. */
export function closingStoreContract(open: OpenStore): void {
  test("FED-1139 the last word of each hub of a room is kept for a while, and the first one stays", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.keepClosing(tx, { room, term: 2, signedHead: bytes(2), closedAt: 20 });
      await store.keepClosing(tx, { room, term: 1, signedHead: bytes(1), closedAt: 10 });
      await store.keepClosing(tx, { room, term: 1, signedHead: bytes(9), closedAt: 30 });
      await store.keepClosing(tx, { room: other, term: 1, signedHead: bytes(3), closedAt: 10 });
      expect([...(await store.closings(tx, room))]).toEqual([
        [1, bytes(1)],
        [2, bytes(2)],
      ]);
      expect(await store.deleteOldClosings(tx, 9)).toBe(0);
      expect(await store.deleteOldClosings(tx, 10)).toBe(2);
      expect([...(await store.closings(tx, room))]).toEqual([[2, bytes(2)]]);
      expect([...(await store.closings(tx, other))]).toEqual([]);
    });
  });
}
