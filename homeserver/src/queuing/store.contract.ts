import { mintClientUri, mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import { afterEach, expect, test } from "vitest";
import type { Database } from "../platform/index.ts";
import type { NewEntry, QueuingStore, Subscription } from "./store.ts";

export type OpenedStore = { readonly database: Database; readonly store: QueuingStore };

const domain = parseDomain("example.org");
let minted = 0;
const random = (length: number) => new Uint8Array(length).fill((minted += 1));
const aRoom = () => mintRoomUri(domain, random);
const aClient = () => mintClientUri(userUri(domain, "alice"), random);

export type OpenStore = () => Promise<OpenedStore>;

/** How every adapter of `QueuingStore` behaves. `open` gives an empty store each time. */
export function queuingStoreContract(openStore: OpenStore): void {
  let opened: OpenedStore | undefined;
  const open = async (): Promise<OpenedStore> => (opened = await openStore());
  afterEach(async () => {
    await opened?.database.close();
    opened = undefined;
  });
  streamContract(open);
  jumpContract(open);
  entryContract(open);
  subscriptionContract(open);
}

function streamContract(open: OpenStore): void {
  test("keeps the incarnation that was set last", async () => {
    const { database, store } = await open();
    expect(await database.read((tx) => store.incarnation(tx))).toBeUndefined();
    for (const incarnation of [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)]) {
      await database.transaction((tx) => store.setIncarnation(tx, incarnation));
      expect(await database.read((tx) => store.incarnation(tx))).toEqual(incarnation);
    }
  });

  test("finds streams by name and number, and forgets them whole", async () => {
    const { database, store } = await open();
    const [name, other] = [aRoom(), aClient()];
    await database.transaction(async (tx) => {
      const room = await store.createStream(tx, name, "room");
      const inbox = await store.createStream(tx, other, "inbox");
      expect(room).toMatchObject({ name, kind: "room", head: 0, prunedTo: 0, dueAt: undefined });
      expect(await store.findStream(tx, name)).toEqual(room);
      expect(await store.streamById(tx, inbox.id)).toEqual(inbox);
      for (const { id } of [room, inbox]) {
        await store.append(tx, entry(id, 1));
        await store.putSubscription(tx, subscription(inbox.id, id, 0));
      }
      await store.deleteStream(tx, room.id);
      expect(await store.findStream(tx, name)).toBeUndefined();
      expect(await store.first(tx, room.id)).toBeUndefined();
      expect(await store.subscriptionsOf(tx, inbox.id)).toHaveLength(1);
      expect(await store.findStream(tx, other)).toMatchObject({ head: 1 });
      const anew = await store.createStream(tx, name, "room");
      expect(anew.id).not.toBe(room.id);
      expect(anew.head).toBe(0);
    });
  });

  test("raises what is gone and never lowers it", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createStream(tx, aRoom(), "room");
      await store.raiseGone(tx, id, { prunedTo: 9, droppedTo: 4, overflowedTo: 2 });
      await store.raiseGone(tx, id, { prunedTo: 5, droppedTo: 6, overflowedTo: 1 });
      const gone = { prunedTo: 9, droppedTo: 6, overflowedTo: 2 };
      expect(await store.streamById(tx, id)).toMatchObject({ ...gone, head: 9 });
    });
  });

  test("names the streams that are due, the most overdue first", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id: a } = await store.createStream(tx, aRoom(), "room");
      const { id: b } = await store.createStream(tx, aRoom(), "room");
      const { id: c } = await store.createStream(tx, aRoom(), "room");
      await store.schedule(tx, a, 300);
      await store.schedule(tx, b, 200);
      await store.schedule(tx, a, 100);
      expect(await store.dueStreams(tx, 250, 10)).toEqual([b]);
      expect(await store.dueStreams(tx, 300, 10)).toEqual([b, a]);
      await store.reschedule(tx, b, undefined);
      await store.reschedule(tx, c, 50);
      expect(await store.dueStreams(tx, 300, 10)).toEqual([c, a]);
      expect(await store.dueStreams(tx, 300, 1)).toEqual([c]);
    });
  });
}

function jumpContract(open: OpenStore): void {
  test("answers the jumps that end in a stretch, and forgets them with the stream", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createStream(tx, aRoom(), "room");
      const { id: other } = await store.createStream(tx, aRoom(), "room");
      const first = { from: 5, to: 100, head: new Uint8Array(3).fill(7) };
      const second = { from: 110, to: 200, head: undefined };
      await store.addJump(tx, id, second);
      await store.addJump(tx, id, first);
      await store.addJump(tx, other, { from: 1, to: 900, head: undefined });
      expect(await store.jumpsWithin(tx, id, 1, 300)).toEqual([first, second]);
      expect(await store.jumpsWithin(tx, id, 100, 109)).toEqual([first]);
      expect(await store.jumpsWithin(tx, id, 60, 110)).toEqual([first]);
      expect(await store.jumpsWithin(tx, id, 1, 99)).toEqual([]);
      expect(await store.jumpsWithin(tx, id, 101, 109)).toEqual([]);
      await store.deleteStream(tx, id);
      expect(await store.jumpsWithin(tx, id, 1, 300)).toEqual([]);
      expect(await store.jumpsWithin(tx, other, 1, 999)).toHaveLength(1);
    });
  });

  test("lets every inbox jump, with entries or without, and no room", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id: room } = await store.createStream(tx, aRoom(), "room");
      const { id: empty } = await store.createStream(tx, aClient(), "inbox");
      const { id: read } = await store.createStream(tx, aClient(), "inbox");
      const { id: unread } = await store.createStream(tx, aClient(), "inbox");
      await store.append(tx, entry(room, 1));
      await store.raiseGone(tx, read, { prunedTo: 2000, droppedTo: 2000, overflowedTo: 0 });
      for (const position of [1, 2]) await store.append(tx, entry(unread, position));
      await store.jumpInboxes(tx, 500, 1000);
      const after = async (id: number) => {
        const [jump] = await store.jumpsWithin(tx, id, 1, 9_999);
        return { head: (await store.streamById(tx, id))?.head, from: jump?.from, to: jump?.to };
      };
      expect(await after(room)).toEqual({ head: 1, from: undefined, to: undefined });
      expect(await after(empty)).toEqual({ head: 1000, from: 1, to: 1000 });
      expect(await after(read)).toEqual({ head: 2500, from: 2001, to: 2500 });
      expect(await after(unread)).toEqual({ head: 1000, from: 3, to: 1000 });
      await store.append(tx, entry(unread, 1001));
      await store.jumpInboxes(tx, 500, 1000);
      expect(await after(unread)).toEqual({ head: 1501, from: 3, to: 1000 });
      expect(await store.jumpsWithin(tx, unread, 1001, 9999)).toEqual([
        { from: 1002, to: 1501, head: undefined },
      ]);
    });
  });
}

function entryContract(open: OpenStore): void {
  test("takes one entry at a position, and knows the head when everything was deleted", async () => {
    const { database, store } = await open();
    const id = await database.transaction(async (tx) => {
      const stream = await store.createStream(tx, aRoom(), "room");
      for (const position of [1, 2, 3]) await store.append(tx, entry(stream.id, position));
      return stream.id;
    });
    const again = database.transaction((tx) => store.append(tx, entry(id, 3)));
    await expect(again).rejects.toThrow("UNIQUE");
    await database.transaction(async (tx) => {
      await store.deleteUpTo(tx, id, 3);
      await store.raiseGone(tx, id, { prunedTo: 3, droppedTo: 3, overflowedTo: 0 });
      expect(await store.streamById(tx, id)).toMatchObject({ head: 3, prunedTo: 3, droppedTo: 3 });
      await store.append(tx, entry(id, 4));
      expect(await store.streamById(tx, id)).toMatchObject({ head: 4 });
    });
  });

  test("pages in order, within number and length, and never empty", async () => {
    const { database, store } = await open();
    const id = await database.transaction(async (tx) => {
      const stream = await store.createStream(tx, aRoom(), "room");
      for (let position = 1; position <= 6; position += 1) {
        await store.append(tx, entry(stream.id, position, { length: 10 * position }));
      }
      return stream.id;
    });
    const read = (after: number, upTo: number, entriesMax: number, bytesMax: number) =>
      database.read(async (tx) => {
        const range = { stream: id, after, upTo, entriesMax, bytesMax };
        const page = await store.page(tx, range);
        return page.map(({ position, bytes }) => {
          expect(new Uint8Array(bytes)).toEqual(
            entry(id, position, { length: 10 * position }).bytes,
          );
          return position;
        });
      });
    expect(await read(0, 6, 10, 1000)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await read(2, 4, 10, 1000)).toEqual([3, 4]);
    expect(await read(0, 6, 2, 1000)).toEqual([1, 2]);
    expect(await read(0, 6, 10, 60)).toEqual([1, 2, 3]);
    expect(await read(4, 6, 10, 1)).toEqual([5]);
    expect(await read(6, 6, 10, 1000)).toEqual([]);
  });

  test("deletes what it is told to and tells what is left", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createStream(tx, aRoom(), "room");
      const { id: other } = await store.createStream(tx, aRoom(), "room");
      for (let position = 1; position <= 6; position += 1) {
        const handshake = position % 2 === 1;
        await store.append(tx, entry(id, position, { handshake, storedAt: 100 * position }));
        await store.append(tx, entry(other, position));
      }
      const all = { stream: id, after: 1, upTo: 6, entriesMax: 9, bytesMax: 9999 };
      const handshakes = await store.page(tx, { ...all, handshakesOnly: true });
      expect(handshakes.map(({ position }) => position)).toEqual([3, 5]);
      await store.deleteOrdinary(tx, id, 2, 6);
      const left = async (stream: number) =>
        (await store.page(tx, { stream, after: 0, upTo: 9, entriesMax: 9, bytesMax: 9999 })).map(
          ({ position }) => position,
        );
      expect(await left(id)).toEqual([1, 2, 3, 5]);
      expect(await store.inspect(tx, id, 4)).toBeUndefined();
      expect(await store.inspect(tx, id, 3)).toEqual({ position: 3, storedAt: 300, length: 5 });
      const bounds = { upTo: 3, storedBy: 500, limit: 2 };
      expect(await store.deleteStored(tx, id, bounds)).toBe(2);
      expect(await store.deleteStored(tx, id, { ...bounds, storedBy: 299 })).toBe(0);
      expect(await left(id)).toEqual([3, 5]);
      expect(await store.first(tx, id)).toMatchObject({ position: 3 });
      expect(await left(other)).toEqual([1, 2, 3, 4, 5, 6]);
    });
  });
}

function subscriptionContract(open: OpenStore): void {
  test("keeps subscriptions in order and cursors rising", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const [first, second] = [subscription(1, 5, 0, 10), subscription(1, 5, 20)];
      for (const put of [second, subscription(1, 4, 7), first, subscription(2, 5, 3)]) {
        await store.putSubscription(tx, put);
      }
      expect(await store.subscriptionsTo(tx, 1, 5)).toEqual([first, second]);
      expect(await store.subscriptionsOf(tx, 1)).toEqual([subscription(1, 4, 7), first, second]);
      await store.advance(tx, first, 8);
      await store.advance(tx, first, 6);
      expect(await store.subscriptionsTo(tx, 1, 5)).toEqual([{ ...first, cursor: 8 }, second]);
      expect(await store.lowestCursor(tx, 5)).toBe(3);
      await store.deleteSubscriptionsOf(tx, 2);
      expect(await store.lowestCursor(tx, 5)).toBe(8);
      await store.advance(tx, first, 10);
      expect(await store.lowestCursor(tx, 5)).toBe(20);
      await store.deleteSubscription(tx, second);
      expect(await store.lowestCursor(tx, 5)).toBeUndefined();
    });
  });
}

function entry(
  stream: number,
  position: number,
  more: Partial<NewEntry> & { length?: number } = {},
) {
  const { length = 5, ...rest } = more;
  const bytes = new Uint8Array(length).fill(position);
  return { stream, position, handshake: false, storedAt: position, bytes, ...rest };
}

function subscription(client: number, stream: number, after: number, upTo?: number): Subscription {
  return { client, stream, after, upTo, cursor: after, awaitsInbox: 0 };
}
