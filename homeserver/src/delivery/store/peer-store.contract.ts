import { mintClientUri, mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { NewRoom } from "./store.ts";
import type { OpenStore } from "./store.contract.ts";

/** How every adapter remembers other servers, deleted users, and that it was restored. */
export function peerStoreContract(open: OpenStore, sampleRoom: (room: RoomUri) => NewRoom): void {
  test("a server may read from its first client's commit to its last one's, each time it is in", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const id = await store.insertRoom(tx, sampleRoom(first));
      await store.addPeer(tx, id, peer, 3);
      expect(await store.peerRanges(tx, id, peer)).toEqual([{ since: 3, until: undefined }]);
      await store.endPeer(tx, id, peer, 8);
      await store.addPeer(tx, id, peer, 11);
      await store.addPeer(tx, id, other, 12);
      expect(await store.peerRanges(tx, id, peer)).toEqual([
        { since: 3, until: 8 },
        { since: 11, until: undefined },
      ]);
      expect(await store.peerRanges(tx, id + 1, peer)).toEqual([]);
      await store.deleteRoom(tx, id);
      expect(await store.peerRanges(tx, id, peer)).toEqual([]);
    });
  });

  test("a server is introduced anew once, to one room or to all that it is in", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const [one, two] = [
        await store.insertRoom(tx, sampleRoom(first)),
        await store.insertRoom(tx, sampleRoom(second)),
      ];
      for (const id of [one, two]) await store.addPeer(tx, id, peer, 1);
      await store.introduceAgain(tx, peer, second);
      expect(await store.takeIntroductions(tx, one)).toEqual([]);
      expect(await store.takeIntroductions(tx, two)).toEqual([peer]);
      expect(await store.takeIntroductions(tx, two)).toEqual([]);
      await store.endPeer(tx, one, peer, 4);
      await store.introduceAgain(tx, peer, undefined);
      expect(await store.takeIntroductions(tx, one)).toEqual([]);
      expect(await store.takeIntroductions(tx, two)).toEqual([peer]);
    });
  });

  test("deleted users are settled from the oldest on, and named once", async () => {
    const { database, store } = await open();
    const [alice, bob] = [userUri(peer, "alice"), userUri(peer, "bob")];
    await database.transaction(async (tx) => {
      await store.addDeparture(tx, bob, 5);
      await store.addDeparture(tx, alice, 9);
      await store.addDeparture(tx, bob, 20);
      expect(await store.departures(tx, 9)).toEqual([bob, alice]);
      expect(await store.departures(tx, 1)).toEqual([bob]);
      await store.deleteDeparture(tx, bob);
      expect(await store.departures(tx, 9)).toEqual([alice]);
    });
  });

  test("revoked clients are settled from the oldest on, page by page, and named once", async () => {
    const { database, store } = await open();
    const clientOf = (name: string) => mintClientUri(userUri(peer, name), () => new Uint8Array(16));
    const [a, b, c] = [clientOf("a"), clientOf("b"), clientOf("c")];
    await database.transaction(async (tx) => {
      const all = [c, a, b].map((client) => ({ client, revokedAt: client === c ? 5 : 9 }));
      for (const one of all) await store.addRevocation(tx, one);
      await store.addRevocation(tx, { client: c, revokedAt: 20 });
      const first = await store.revocations(tx, undefined, 2);
      expect(first).toEqual([all[0], all[1]]);
      expect(await store.revocations(tx, first[1], 2)).toEqual([all[2]]);
      await store.deleteRevocation(tx, c);
      expect(await store.revocations(tx, undefined, 9)).toEqual([all[1], all[2]]);
    });
  });

  test("a revoked client's places are kept for its user until their time is over", async () => {
    const { database, store } = await open();
    const [alice, bob] = [userUri(peer, "alice"), userUri(peer, "bob")];
    await database.transaction(async (tx) => {
      await store.keepPlace(tx, { user: alice, room: first, keptUntil: 9 });
      await store.keepPlace(tx, { user: alice, room: first, keptUntil: 5 });
      await store.keepPlace(tx, { user: alice, room: second, keptUntil: 6 });
      await store.keepPlace(tx, { user: bob, room: second, keptUntil: 7 });
      expect(await store.isPlaceKept(tx, { user: alice, room: first }, 8)).toBe(true);
      expect(await store.isPlaceKept(tx, { user: alice, room: first }, 9)).toBe(false);
      expect(await store.isPlaceKept(tx, { user: bob, room: first }, 1)).toBe(false);
      expect(await store.deleteExpiredPlaces(tx, 8, 1)).toBe(1);
      expect(await store.isPlaceKept(tx, { user: alice, room: second }, 1)).toBe(false);
      await store.forgetPlaces(tx, alice);
      expect(await store.isPlaceKept(tx, { user: alice, room: first }, 1)).toBe(false);
      expect(await store.deleteExpiredPlaces(tx, 99, 9)).toBe(1);
    });
  });

  test("every room is marked as restored until its next term begins", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const id = await store.insertRoom(tx, sampleRoom(first));
      await store.insertRoom(tx, sampleRoom(second));
      expect(await store.restoredRooms(tx)).toEqual([]);
      await store.markRestored(tx, { termMin: 1, positionMin: 2 });
      await store.markRestored(tx, { termMin: 8, positionMin: 9 });
      expect(await store.restoredRooms(tx)).toEqual([first, second].toSorted());
      expect(await store.termBounds(tx, id)).toEqual({ termMin: 8, positionMin: 9 });
      const hash = new Uint8Array(32).fill(4);
      const head = { position: 70, hash, epoch: 0, revision: 6 };
      const signedHead = new Uint8Array(200).fill(5);
      await store.startTerm(tx, id, { term: 8, termSince: 70, head, signedHead });
      expect(await store.restoredRooms(tx)).toEqual([second]);
      expect(await store.termBounds(tx, id)).toBeUndefined();
      expect(await store.room(tx, first)).toMatchObject({
        term: 8,
        termSince: 70,
        head,
        signedHead,
      });
    });
  });
}

const [peer, other] = [parseDomain("a.example"), parseDomain("b.example")];
const roomOf = (value: number) => mintRoomUri(peer, (length) => new Uint8Array(length).fill(value));
const [first, second] = [roomOf(1), roomOf(2)];
