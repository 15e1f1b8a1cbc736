import { mintRoomUri, parseDomain, type RoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { OpenStore } from "../store/store.contract.ts";
import type { NewRoom } from "../store/index.ts";

const hub = parseDomain("hub.example");
const [peer, other] = [parseDomain("a.example"), parseDomain("b.example")];
const room = mintRoomUri(hub, (length) => new Uint8Array(length).fill(8));
const bytes = (value: number) => new Uint8Array(32).fill(value);

/** How every adapter remembers rooms that come and go. */
export function moveStoreContract(open: OpenStore, sampleRoom: (room: RoomUri) => NewRoom): void {
  test("FED-1121 a server's word for a room is kept with what it is given, until it is over", async () => {
    const { database, store } = await open();
    const offer = {
      room,
      term: 4,
      hubPrivateKey: bytes(1),
      hubPublicKey: bytes(2),
      notAfter: 100,
    };
    await database.transaction(async (tx) => {
      await store.putHubOffer(tx, offer);
      expect(await store.hubOffer(tx, room)).toEqual({ ...offer, prepared: undefined });
      expect(await store.preparedRooms(tx)).toEqual([]);
      await store.prepareTakeOver(tx, room, bytes(3));
      await store.extendHubOffer(tx, room, 200);
      expect(await store.hubOffer(tx, room)).toEqual({
        ...offer,
        notAfter: 200,
        prepared: bytes(3),
      });
      expect(await store.preparedRooms(tx)).toEqual([room]);
      // Another term is another offer.
      await store.putHubOffer(tx, { ...offer, term: 5 });
      expect(await store.hubOffer(tx, room)).toMatchObject({ term: 5, prepared: undefined });
      expect(await store.deleteExpiredOffers(tx, 99, 10)).toBe(0);
      expect(await store.deleteExpiredOffers(tx, 100, 10)).toBe(1);
      expect(await store.hubOffer(tx, room)).toBeUndefined();
      await store.putHubOffer(tx, offer);
      await store.forgetHubOffers(tx);
      expect(await store.hubOffer(tx, room)).toBeUndefined();
    });
  });

  test("FED-1127 of a room that moved stays where it is, and who may read what for a while", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const roomId = await store.insertRoom(tx, sampleRoom(room));
      expect(await store.hosts(tx, room)).toBe(true);
      await store.addPeerRange(tx, roomId, { peer: other, since: 2, until: 5 });
      await store.addPeerRange(tx, roomId, { peer, since: 3, until: undefined });
      expect(await store.allPeerRanges(tx, roomId)).toEqual([
        { peer, since: 3, until: undefined },
        { peer: other, since: 2, until: 5 },
      ]);
      const moved = { room, roomId, hub: other, position: 9, signedHead: bytes(4), movedAt: 50 };
      await store.moveAway(tx, moved);
      expect(await store.hosts(tx, room)).toBe(false);
      expect(await store.room(tx, room)).toBeUndefined();
      expect(await store.movedRoom(tx, room)).toEqual(moved);
      expect(await store.peerRanges(tx, roomId, peer)).toHaveLength(1);
      expect(await store.deleteOldRanges(tx, 49)).toBe(0);
      expect(await store.deleteOldRanges(tx, 50)).toBe(2);
      expect(await store.movedRoom(tx, room)).toEqual(moved);
      await store.forgetMoved(tx, room);
      expect(await store.movedRoom(tx, room)).toBeUndefined();
    });
  });

  test("FED-1125 a followed room gets another hub, or is followed no more", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const head = { term: 1, epoch: 2, position: 3, hash: bytes(5), seen: 3, frozen: false };
      const id = await store.insertFollowed(tx, {
        room,
        hub,
        hubKey: bytes(6),
        generation: 0,
        head,
      });
      await store.keepFollowedHead(tx, id, bytes(7));
      await store.changeFollowedHub(tx, id, { hub: other, hubKey: bytes(8) });
      expect(await store.followedRoom(tx, room)).toMatchObject({
        hub: other,
        hubKey: bytes(8),
        signedHead: undefined,
        head,
      });
      await store.deleteFollowed(tx, id);
      expect(await store.followedRoom(tx, room)).toBeUndefined();
    });
  });
}
