import {
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { FollowedHead, FollowedStore, NewFollowedRoom } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: FollowedStore;
}>;

/** How every adapter of `FollowedStore` behaves. `open` gives an empty store each time. */
export function followedStoreContract(open: OpenStore): void {
  test("a followed room is read as it was written, and as its head was moved", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      expect(await store.followedRoom(tx, room.room)).toBeUndefined();
      const id = await store.insertFollowed(tx, room);
      expect(await store.followedRoom(tx, room.room)).toEqual({
        ...room,
        id,
        signedHead: undefined,
      });
      const moved: FollowedHead = {
        term: 2,
        epoch: 9,
        position: 7,
        hash: octets(32, 8),
        seen: 12,
        frozen: true,
      };
      await store.moveFollowed(tx, id, moved);
      await store.keepFollowedHead(tx, id, octets(200, 4));
      expect(await store.followedGroupInfo(tx, id)).toBeUndefined();
      await store.keepFollowedGroupInfo(tx, id, octets(90, 5));
      expect(await store.followedHead(tx, id)).toEqual(moved);
      expect(await store.followedGroupInfo(tx, id)).toEqual(octets(90, 5));
      expect(await store.followedRoom(tx, room.room)).toEqual({
        ...room,
        id,
        head: moved,
        signedHead: octets(200, 4),
      });
      expect(await store.followedHead(tx, id + 1)).toBeUndefined();
    });
  });

  test("a roster is replaced as a whole and changed leaf by leaf", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const id = await store.insertFollowed(tx, room);
      await store.replaceFollowedRoster(tx, id, [
        { leaf: 4, client: alice },
        { leaf: 0, client: bob },
      ]);
      await store.changeFollowedRoster(tx, id, [
        { leaf: 0, client: bob, change: "removed" },
        { leaf: 0, client: carol, change: "added" },
      ]);
      expect(await store.followedRoster(tx, id)).toEqual([
        { leaf: 0, client: carol },
        { leaf: 4, client: alice },
      ]);
      expect(await store.followedOf(tx, userOfClient(bob))).toEqual([]);
      expect(await store.followedOf(tx, userOfClient(carol))).toEqual([
        { room: room.room, hub: room.hub, epoch: 3, position: 5 },
      ]);
      await store.replaceFollowedRoster(tx, id, [{ leaf: 1, client: bob }]);
      expect(await store.followedRoster(tx, id)).toEqual([{ leaf: 1, client: bob }]);
      const other = await store.insertFollowed(tx, { ...room, room: otherRoom });
      for (const each of [id, other]) {
        await store.replaceFollowedRoster(tx, each, [{ leaf: 1, client: bob }]);
        await store.keepFollowedGroupInfo(tx, each, octets(9, 5));
      }
      const [first, second] = [room.room, otherRoom].toSorted();
      const page = await store.followedAfter(tx, undefined, 1);
      expect(page).toEqual([{ room: first, hub: room.hub }]);
      expect(await store.followedAfter(tx, page[0]?.room, 9)).toMatchObject([{ room: second }]);
      await store.changeGeneration(tx, id, 3);
      expect(await store.followedRoom(tx, room.room)).toMatchObject({ id, generation: 3 });
      expect(await store.followedRoom(tx, otherRoom)).toMatchObject({
        generation: room.generation,
      });
      await store.forgetFollowedMembers(tx, id);
      expect(await store.followedRoster(tx, id)).toEqual([]);
      expect(await store.followedGroupInfo(tx, id)).toBeUndefined();
      // Nobody of here is there.
      expect(await store.followedAfter(tx, undefined, 9)).toMatchObject([{ room: otherRoom }]);
      expect(await store.followedRoster(tx, other)).toHaveLength(1);
      expect(await store.followedGroupInfo(tx, other)).toEqual(octets(9, 5));
    });
  });

  test("rooms that miss something are named, but for frozen ones; suspicion falls on all", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const level = await store.insertFollowed(tx, room);
      const behind = { ...room, room: otherRoom, head: { ...room.head, seen: 6 } };
      const other = await store.insertFollowed(tx, behind);
      expect(await store.followedBehind(tx)).toEqual([{ room: otherRoom, hub }]);
      expect(await store.followedHubs(tx)).toEqual([hub]);
      await store.moveFollowed(tx, other, { ...behind.head, frozen: true });
      expect(await store.followedBehind(tx)).toEqual([]);
      await store.suspectFollowed(tx);
      expect(await store.followedBehind(tx)).toEqual([{ room: room.room, hub }]);
      expect(await store.frozenFollowed(tx, parseDomain("other.example"))).toEqual([]);
      expect(await store.frozenFollowed(tx, hub)).toEqual([{ room: otherRoom, position: 5 }]);
      expect(await store.stoppedFollowed(tx)).toEqual([otherRoom]);
      await store.thawFollowed(tx, other);
      expect(await store.frozenFollowed(tx, hub)).toEqual([]);
      expect(await store.stoppedFollowed(tx)).toEqual([]);
      expect(await store.followedHead(tx, other)).toMatchObject({
        frozen: false,
        hash: new Uint8Array(0),
      });
      expect(await store.followedHead(tx, level)).toMatchObject({ position: 5, seen: 6 });
    });
  });

  test("a forwarded commit is known by its hash, room and client until it ends", async () => {
    const { database, store } = await open();
    const commit = { hash: octets(32, 1), room: room.room, client: bob };
    await database.transaction(async (tx) => {
      await store.noteForwarded(tx, { ...commit, expiresAt: 100 });
      await store.noteForwarded(tx, { ...commit, expiresAt: 200 });
      await store.noteForwarded(tx, { ...commit, hash: octets(32, 2), expiresAt: 300 });
      expect(await store.wasForwarded(tx, commit)).toBe(true);
      expect(await store.wasForwarded(tx, { ...commit, room: otherRoom })).toBe(false);
      expect(await store.wasForwarded(tx, { ...commit, client: alice })).toBe(false);
      expect(await store.wasForwarded(tx, { ...commit, hash: octets(32, 3) })).toBe(false);
      expect(await store.deleteExpiredForwarded(tx, 199, 9)).toBe(0);
      expect(await store.deleteExpiredForwarded(tx, 400, 1)).toBe(1);
      expect(await store.wasForwarded(tx, commit)).toBe(false);
      expect(await store.deleteExpiredForwarded(tx, 400, 9)).toBe(1);
    });
  });
}

const hub = parseDomain("hub.example");
const octets = (length: number, value: number) => new Uint8Array(length).fill(value);
const clientOf = (name: string, value: number) =>
  mintClientUri(userUri(hub, name), (length) => octets(length, value));
const [alice, bob, carol] = [clientOf("alice", 1), clientOf("bob", 2), clientOf("carol", 3)];
const roomOf = (value: number) => mintRoomUri(hub, (length) => octets(length, value));
const otherRoom = roomOf(2);

const room: NewFollowedRoom = {
  room: roomOf(1),
  hub,
  hubKey: octets(32, 7),
  generation: 0,
  head: { term: 1, epoch: 3, position: 5, hash: octets(32, 6), seen: 5, frozen: false },
};
