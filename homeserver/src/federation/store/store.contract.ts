import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { afterEach, expect, test } from "vitest";
import type { Database, Tx } from "../../platform/index.ts";
import { inboundContract } from "./inbound-store.contract.ts";
import type { DeadItem, FederationStore, ItemForm, NewRow } from "./store.ts";

export type OpenedStore = { readonly database: Database; readonly store: FederationStore };
export type OpenStore = () => Promise<OpenedStore>;

/** How every adapter of `FederationStore` behaves. `open` gives an empty store each time. */
export function federationStoreContract(openStore: OpenStore): void {
  let opened: OpenedStore | undefined;
  const open = async (): Promise<OpenedStore> => (opened = await openStore());
  afterEach(async () => {
    await opened?.database.close();
    opened = undefined;
  });
  peerContract(open);
  outboxContract(open);
  deadContract(open);
  inboundContract(open);
}

function peerContract(open: OpenStore): void {
  test("FED-940 a peer's stream begins at 1, and its numbers are kept", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      expect(await store.peer(tx, north)).toBeUndefined();
      const created = await store.createPeer(tx, north, octets(16, 1));
      expect(created).toMatchObject({ domain: north, base: 0, kept: 0, newest: 0, oldest: 1 });
      expect(created.oldestAt).toBeUndefined();
      expect(created.incarnation).toEqual(octets(16, 1));
      const { id } = created;
      for (const sequence of [1, 2, 3]) {
        await store.add(tx, row(id, sequence, { addedAt: 1_000 * sequence }));
      }
      const first = { id, newest: 3, oldest: 1, oldestAt: 1_000 };
      expect(await store.peer(tx, north)).toMatchObject(first);
      await store.keep(tx, id, 2);
      await store.deleteUpTo(tx, id, 1);
      const kept = { kept: 2, newest: 3, oldest: 2, oldestAt: 3_000 };
      expect(await store.peer(tx, north)).toMatchObject(kept);
      await store.keep(tx, id, 1);
      expect(await store.peer(tx, north)).toMatchObject({ kept: 2 });
    });
  });

  test("FED-940 no number is given twice, also after the newest items were deleted", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      for (const sequence of [1, 2, 3]) await store.add(tx, row(id, sequence));
      await store.keep(tx, id, 3);
      await store.deleteUpTo(tx, id, 3);
    });
    const peers = await database.read((tx) => store.peers(tx));
    expect(peers).toMatchObject([{ domain: north, kept: 3, newest: 3, oldest: 4 }]);
  });

  test("a peer that is deleted takes everything of its own with it, and no number comes again", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const a = await store.createPeer(tx, north, octets(16, 1));
      const b = await store.createPeer(tx, south, octets(16, 2));
      for (const { id } of [a, b]) {
        await store.add(tx, row(id, 1, { form: "consent", body: octets(4, 4) }));
        await store.bury(tx, corpse(id, 1), 3);
      }
      await store.deletePeer(tx, a.id);
      expect(await store.peers(tx)).toMatchObject([{ domain: south, newest: 1 }]);
      expect(await store.page(tx, { peer: b.id, after: 0, limit: 9, bytesMax: 9 })).toHaveLength(1);
      expect(await store.deadItems(tx, a.id, 9)).toEqual([]);
      expect(await store.deadItems(tx, b.id, 9)).toHaveLength(1);
      const again = await store.createPeer(tx, north, octets(16, 3));
      expect(again).toMatchObject({ newest: 0, oldest: 1 });
      expect(again.id).toBeGreaterThan(b.id);
    });
  });

  test("FED-943 streams are numbered anew, one or all", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const a = await store.createPeer(tx, north, octets(16, 1));
      const b = await store.createPeer(tx, south, octets(16, 2));
      for (const sequence of [1, 2]) await store.add(tx, row(b.id, sequence));
      await store.renumber(tx, a.id, { incarnation: octets(16, 3), base: 7 });
      expect(await store.peer(tx, north)).toMatchObject({ incarnation: octets(16, 3), base: 7 });
      expect(await store.peer(tx, south)).toMatchObject({ incarnation: octets(16, 2), base: 0 });
      await store.keep(tx, b.id, 1);
      let drawn = 10;
      await store.renumberAll(tx, () => octets(16, (drawn += 1)));
      expect(await store.peers(tx)).toMatchObject([
        { domain: north, incarnation: octets(16, 11), base: 0 },
        { domain: south, incarnation: octets(16, 12), base: 1, kept: 1, newest: 2 },
      ]);
    });
  });
}

function outboxContract(open: OpenStore): void {
  test("items come back as they were added, of one peer and in order", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      const other = await store.createPeer(tx, south, octets(16, 2));
      const number = await store.roomNumber(tx, room);
      expect(await store.roomNumber(tx, room)).toBe(number);
      expect(await store.roomNumber(tx, otherRoom)).not.toBe(number);
      const attached: [ItemForm, Bytes | undefined][] = [
        ["entry", undefined],
        ["delivery", octets(40, 7)],
        ["tombstone", octets(50, 8)],
      ];
      for (const [index, [form, body]] of attached.entries()) {
        const more = { form, room: number, position: 9 + index, addedAt: 5_999, body };
        await store.add(tx, row(id, index + 1, more));
      }
      await store.add(tx, row(id, 4, { form: "consent", body: octets(60, 9) }));
      await store.add(tx, row(id, 5, { form: "userDeleted", body: octets(70, 10) }));
      await store.add(tx, row(other.id, 1));
      const page = await store.page(tx, { peer: id, after: 0, limit: 9, bytesMax: 9_999 });
      expect(page).toEqual([
        ...attached.map(([form, body], index) => ({
          sequence: index + 1,
          form,
          room,
          position: 9 + index,
          addedAt: 5_000,
          body,
        })),
        { ...loose, sequence: 4, form: "consent", body: octets(60, 9) },
        { ...loose, sequence: 5, form: "userDeleted", body: octets(70, 10) },
      ]);
      const pointers = await store.pointers(tx, { peer: id, after: 1, upTo: 4, limit: 2 });
      expect(pointers.map(({ sequence, form }) => [sequence, form])).toEqual([
        [2, "delivery"],
        [3, "tombstone"],
      ]);
      expect(pointers[0]).not.toHaveProperty("body");
    });
  });

  test("pages end by number and by length, and are never empty", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      for (let sequence = 1; sequence <= 6; sequence += 1) {
        const body = octets(10 * sequence, sequence);
        await store.add(tx, row(id, sequence, { form: "consent", body }));
      }
      const read = async (after: number, limit: number, bytesMax: number) =>
        (await store.page(tx, { peer: id, after, limit, bytesMax })).map(
          ({ sequence }) => sequence,
        );
      expect(await read(0, 9, 9_999)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await read(2, 2, 9_999)).toEqual([3, 4]);
      expect(await read(0, 9, 60)).toEqual([1, 2, 3]);
      expect(await read(4, 9, 1)).toEqual([5]);
      expect(await read(6, 9, 9_999)).toEqual([]);
    });
  });

  test("FED-943 single items go, or leave an empty place, and the others keep their numbers", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      const other = await store.createPeer(tx, south, octets(16, 2));
      for (const peer of [id, other.id]) {
        for (const sequence of [1, 2, 3, 4, 5]) {
          const body = octets(9, sequence);
          await store.add(tx, row(peer, sequence, { form: "consent", body }));
        }
      }
      await store.deleteThese(tx, id, [1, 3]);
      await store.blank(tx, id, 4);
      const page = await store.page(tx, { peer: id, after: 0, limit: 9, bytesMax: 99 });
      expect(page).toMatchObject([
        { sequence: 2, form: "consent", body: octets(9, 2) },
        { sequence: 4, form: "gone", body: undefined },
        { sequence: 5, form: "consent", body: octets(9, 5) },
      ]);
      expect(await store.peer(tx, north)).toMatchObject({ oldest: 2, newest: 5 });
      expect(await sequences(store, tx, other.id)).toEqual([1, 2, 3, 4, 5]);
      // Nothing is left of what was attached.
      await store.add(tx, row(id, 3, { form: "consent", body: octets(5, 5) }));
    });
  });

  test("a number is taken once", async () => {
    const { database, store } = await open();
    const add = (sequence: number) =>
      database.transaction(async (tx) => {
        const known = await store.peer(tx, north);
        const { id } = known ?? (await store.createPeer(tx, north, octets(16, 1)));
        await store.add(tx, row(id, sequence));
      });
    await add(1);
    await expect(add(1)).rejects.toThrow("UNIQUE");
    await add(2);
  });

  test("deletes what it is told to, with what is attached", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      const other = await store.createPeer(tx, south, octets(16, 2));
      for (const peer of [id, other.id]) {
        for (const sequence of [1, 2, 3]) {
          const body = octets(9, sequence);
          await store.add(tx, row(peer, sequence, { form: "consent", body }));
        }
      }
      await store.deleteUpTo(tx, id, 2);
      expect(await sequences(store, tx, id)).toEqual([3]);
      expect(await sequences(store, tx, other.id)).toEqual([1, 2, 3]);
      // Its attachment went, too: the number can be used as if it had never been.
      await store.add(tx, row(id, 2, { form: "consent", body: octets(5, 5) }));
      const [again] = await store.page(tx, { peer: id, after: 1, limit: 1, bytesMax: 99 });
      expect(again?.body).toEqual(octets(5, 5));
    });
  });
}

function deadContract(open: OpenStore): void {
  test("FED-945 an item dies once, and so many of the newest are kept", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      const other = await store.createPeer(tx, south, octets(16, 2));
      expect(await store.bury(tx, corpse(id, 1), 3)).toBe(true);
      expect(await store.bury(tx, corpse(id, 1, { code: "other" }), 3)).toBe(false);
      expect(await store.bury(tx, corpse(other.id, 1), 3)).toBe(true);
      for (const sequence of [2, 3, 4]) {
        const more = { room, position: sequence, form: "entry", body: undefined } as const;
        expect(await store.bury(tx, corpse(id, sequence, more), 3)).toBe(true);
      }
      const items = await store.deadItems(tx, id, 2);
      expect(items).toEqual([
        corpse(id, 4, { room, position: 4, form: "entry", body: undefined }),
        corpse(id, 3, { room, position: 3, form: "entry", body: undefined }),
      ]);
      expect(await store.deadItems(tx, id, 9)).toHaveLength(3);
      expect(await store.deadItems(tx, other.id, 9)).toEqual([corpse(other.id, 1)]);
    });
  });

  test("the dead are forgotten by age, so many at a time", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const { id } = await store.createPeer(tx, north, octets(16, 1));
      for (const sequence of [1, 2, 3, 4]) {
        await store.bury(tx, corpse(id, sequence, { at: 100 * sequence }), 9);
      }
      expect(await store.deleteDead(tx, 99, 9)).toBe(0);
      expect(await store.deleteDead(tx, 300, 2)).toBe(2);
      expect(await store.deleteDead(tx, 300, 2)).toBe(1);
      expect(await store.deadItems(tx, id, 9)).toEqual([corpse(id, 4, { at: 400 })]);
    });
  });
}

const north = parseDomain("north.example");
const south = parseDomain("south.example");
const room = mintRoomUri(north, (length) => octets(length, 1));
const otherRoom = mintRoomUri(north, (length) => octets(length, 2));
const loose = { room: undefined, position: 0, addedAt: 0 };

function row(peer: number, sequence: number, more: Partial<NewRow> = {}): NewRow {
  return { peer, sequence, form: "entry", room: 0, position: 0, addedAt: 0, ...more };
}

function corpse(peer: number, sequence: number, more: Partial<DeadItem> = {}): DeadItem {
  return {
    peer,
    sequence,
    form: "consent",
    room: undefined,
    position: 0,
    code: "malformed",
    at: 50,
    body: octets(8, 3),
    ...more,
  };
}

async function sequences(store: FederationStore, tx: Tx, peer: number): Promise<number[]> {
  const page = await store.page(tx, { peer, after: 0, limit: 99, bytesMax: 9_999 });
  return page.map(({ sequence }) => sequence);
}

function octets(length: number, value: number): Bytes {
  return new Uint8Array(length).fill(value);
}
