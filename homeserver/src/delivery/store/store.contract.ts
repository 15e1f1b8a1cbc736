import {
  domainOf,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";
import type { Bytes, ClientUri } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import { companionStoreContract } from "./companion-store.contract.ts";
import { followedStoreContract } from "../followed/store.contract.ts";
import { peerStoreContract } from "./peer-store.contract.ts";
import { reservationContract } from "./reservation.contract.ts";
import { moveStoreContract } from "../moves/store.contract.ts";
import type { DeliveryStore, EpochChange, NewRoom, Reservation, StoredEpoch } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: DeliveryStore;
}>;

/** How every adapter of `DeliveryStore` behaves. `open` gives an empty store each time. */
export function deliveryStoreContract(open: OpenStore): void {
  reservationContract(open, { reservation, otherRoom, stranger: bob });
  roomContract(open);
  treeContract(open);
  requestContract(open);
  peerStoreContract(open, (name) => ({ ...founded, room: name }));
  followedStoreContract(open);
  companionStoreContract(open, founded);
  moveStoreContract(open, (name) => ({ ...founded, room: name }));
}

function roomContract(open: OpenStore): void {
  test("a room is read as it was written", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    await database.read(async (tx) => {
      const { epoch, nodes, members, ...row } = founded;
      expect(members).toHaveLength(1);
      expect(await store.room(tx, room)).toEqual({
        ...row,
        id,
        current: epoch,
        nodes,
        starts: [{ epoch: 0, startedAt: 100, entered: false }],
        proposals: [],
        removals: [],
        held: [],
        unsettled: [],
        reports: [],
        voids: [],
      });
      expect(await store.room(tx, otherRoom)).toBeUndefined();
      expect(await store.head(tx, id)).toEqual(founded.head);
      expect(await store.head(tx, id + 1)).toBeUndefined();
      expect(await store.roomsOf(tx, alice)).toEqual([{ room, epoch: 0, position: 0 }]);
      expect(await store.countRoomsOf(tx, alice)).toBe(1);
      expect(await store.roomsOf(tx, bob)).toEqual([]);
      expect(await store.countRoomsOf(tx, bob)).toBe(0);
    });
  });

  test("a head moves without its epoch and revision", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    const moved = { position: 7, hash: bytes(32, 7) };
    await database.transaction((tx) => store.moveHead(tx, id, moved));
    const head = await database.read((tx) => store.head(tx, id));
    expect(head).toEqual({ ...founded.head, ...moved });
  });

  test("a commit changes roster, removals, proposals, head and signed head together", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    const first = change(1, { added: [member(1, bobsClient), member(2, bobsOther)] });
    await database.transaction(async (tx) => {
      await store.startEpoch(tx, id, first);
      const held = new Set([1]);
      await store.addRemovals(tx, id, { removals: [2, 1], held }, 300);
      expect(await store.room(tx, room)).toMatchObject({ removals: [1, 2], held: [1] });
      await store.addRemovals(tx, id, { removals: [1], held: new Set() }, 400);
      const head = { ...first.head, revision: 2, position: 2 };
      await store.addProposals(tx, id, { head, proposals: [proposal(1), proposal(2)] });
    });
    await database.read(async (tx) => {
      const stored = await store.room(tx, room);
      expect(stored).toMatchObject({ removals: [1, 2], held: [] });
      expect(stored?.proposals).toEqual([proposal(1), proposal(2)]);
      expect(stored?.head).toEqual({ ...first.head, revision: 2, position: 2 });
      expect(stored?.signedHead).toEqual(first.signedHead);
      expect(stored?.starts).toEqual(
        [0, 1].map((epoch) => ({ epoch, startedAt: 100 + epoch, entered: epoch === 1 })),
      );
      expect(await store.roomsOf(tx, bob)).toEqual([{ room, epoch: 1, position: 2 }]);
      const [carol, elsewhere] = [userOfClient(carolsClient), parseDomain("elsewhere.example")];
      expect(await store.shares(tx, alice, { kind: "user", user: bob })).toBe(true);
      expect(await store.shares(tx, carol, { kind: "user", user: alice })).toBe(false);
      expect(await store.shares(tx, alice, { kind: "server", domain: domainOf(bob) })).toBe(true);
      expect(await store.shares(tx, alice, { kind: "server", domain: elsewhere })).toBe(false);
    });
    // Leaf 2 is free after the removal and taken again by the same commit.
    const second = change(2, {
      removed: [2],
      added: [member(2, carolsClient)],
      proposals: [proposal(3)],
    });
    await database.transaction((tx) => store.startEpoch(tx, id, second));
    await database.read(async (tx) => {
      const stored = await store.room(tx, room);
      expect(stored?.removals).toEqual([1]);
      expect(stored?.proposals).toEqual([proposal(3)]);
      expect(stored?.current).toEqual(second.epoch);
      expect(await store.countRoomsOf(tx, userOfClient(carolsClient))).toBe(1);
    });
  });

  test("rooms whose removals wait are those where nothing is proposed, and not all is held", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    const waiting = () => database.read((tx) => store.roomsToPropose(tx, 10));
    const note = (held: ReadonlySet<number>) =>
      database.transaction((tx) => store.addRemovals(tx, id, { removals: [1], held }, 1));
    expect(await waiting()).toEqual([]);
    await note(new Set([1]));
    expect(await waiting()).toEqual([]);
    await note(new Set());
    expect(await waiting()).toEqual([room]);
    await database.transaction((tx) =>
      store.startEpoch(tx, id, change(1, { proposals: [proposal(3)] })),
    );
    expect(await waiting()).toEqual([]);
  });

  test("nothing of a deleted room is left, and its name can be written again", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    await database.transaction(async (tx) => {
      await store.startEpoch(tx, id, change(1, { welcomed: [bobsClient] }));
      await store.addRemovals(tx, id, { removals: [0], held: new Set() }, 1);
      await store.deleteRoom(tx, id);
    });
    await database.read(async (tx) => {
      expect(await store.room(tx, room)).toBeUndefined();
      expect(await store.head(tx, id)).toBeUndefined();
      expect(await store.tree(tx, id, 1)).toBeUndefined();
      expect(await store.roomsOf(tx, alice)).toEqual([]);
      const claim = { roomId: id, epoch: 1, client: bobsClient };
      expect(await store.treeKeptFor(tx, claim)).toBeUndefined();
    });
    const again = await database.transaction((tx) => store.insertRoom(tx, founded));
    expect(again).not.toBe(id);
  });
}

function treeContract(open: OpenStore): void {
  test("every kept epoch's tree is read as it was, whatever changed since", async () => {
    const node = fc.record({
      index: fc.nat(14),
      content: fc.option(fc.nat(255), { nil: undefined }),
    });
    const commits = fc.array(fc.uniqueArray(node, { selector: ({ index }) => index }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        commits,
        fc.nat(4),
        fc.integer({ min: 1, max: 8 }),
        async (changes, kept, welcomedEpoch) => {
          const { database, store } = await open();
          const trees = [founded.nodes];
          const id = await database.transaction((tx) => store.insertRoom(tx, founded));
          for (const [index, changed] of changes.entries()) {
            const epoch = index + 1;
            const nodes = changed.map((one) => ({
              index: one.index,
              node: one.content === undefined ? undefined : bytes(40, one.content),
            }));
            trees.push(applied(trees.at(-1) ?? new Map(), nodes));
            const welcomed = epoch === welcomedEpoch ? [bobsClient] : [];
            await database.transaction(async (tx) => {
              await store.startEpoch(tx, id, change(epoch, { nodes, welcomed }));
              await store.collectTrees(tx, id, kept);
            });
          }
          const current = changes.length;
          await database.read(async (tx) => {
            for (const [epoch, nodes] of trees.entries()) {
              const needed = epoch >= current - kept || epoch === welcomedEpoch;
              const tree = await store.tree(tx, id, epoch);
              expect(tree?.nodes).toEqual(needed ? nodes : undefined);
            }
            expect((await store.room(tx, room))?.nodes).toEqual(trees.at(-1));
          });
          await database.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test("a tree is kept for whom its Welcome named, until fetched or ended", async () => {
    const { database, store } = await open();
    const id = await database.transaction((tx) => store.insertRoom(tx, founded));
    const claim = { roomId: id, epoch: 1, client: bobsClient };
    await database.transaction(async (tx) => {
      await store.startEpoch(tx, id, change(1, { welcomed: [bobsClient] }));
      await store.startEpoch(tx, id, change(2, {}));
      await store.collectTrees(tx, id, 0);
      expect(await store.tree(tx, id, 0)).toBeUndefined();
      expect(await store.tree(tx, id, 1)).toMatchObject({ size: 15 });
      expect(await store.treeKeptFor(tx, claim)).toBe(keptUntil);
      expect(await store.treeKeptFor(tx, { ...claim, client: carolsClient })).toBeUndefined();
      expect(await store.treeKeptFor(tx, { ...claim, epoch: 2 })).toBeUndefined();
      await store.shortenKept(tx, claim, keptUntil + 1);
      expect(await store.treeKeptFor(tx, claim)).toBe(keptUntil);
      await store.shortenKept(tx, claim, 5_000);
      expect(await store.treeKeptFor(tx, claim)).toBe(5_000);
      expect(await store.deleteExpiredWelcomes(tx, 4_999, 9)).toEqual([]);
      expect(await store.deleteExpiredWelcomes(tx, 5_000, 9)).toEqual([id]);
      await store.collectTrees(tx, id, 0);
      expect(await store.tree(tx, id, 1)).toBeUndefined();
      expect(await store.tree(tx, id, 2)).toMatchObject({ size: 15 });
    });
  });
}

function requestContract(open: OpenStore): void {
  test("a request has the answer that it was given first", async () => {
    const { database, store } = await open();
    const [key, first, second] = [bytes(32, 1), bytes(8, 2), bytes(8, 3)];
    await database.transaction(async (tx) => {
      expect(await store.answer(tx, key)).toBeUndefined();
      expect(await store.keepAnswer(tx, key, first, 100)).toBe(true);
      expect(await store.keepAnswer(tx, key, second, 900)).toBe(false);
      expect(await store.answer(tx, key)).toEqual(first);
      expect(await store.answer(tx, bytes(32, 9))).toBeUndefined();
    });
  });

  test("ended answers go from the oldest on, so many at a time", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      for (const n of [1, 2, 3, 4]) await store.keepAnswer(tx, bytes(32, n), bytes(1, n), n * 100);
      expect(await store.deleteExpiredAnswers(tx, 99, 9)).toBe(0);
      expect(await store.deleteExpiredAnswers(tx, 300, 2)).toBe(2);
      expect(await store.deleteExpiredAnswers(tx, 300, 9)).toBe(1);
      expect(await store.answer(tx, bytes(32, 3))).toBeUndefined();
      expect(await store.answer(tx, bytes(32, 4))).toEqual(bytes(1, 4));
      expect(await store.deleteExpiredAnswers(tx, 400, 9)).toBe(1);
      expect(await store.deleteExpiredAnswers(tx, 400, 9)).toBe(0);
    });
  });
}

const domain = parseDomain("example.org");
const alice = userUri(domain, "alice");
const bob = userUri(domain, "bob");
const octets = (value: number) => (length: number) => bytes(length, value);
const alicesClient = mintClientUri(alice, octets(1));
const bobsClient = mintClientUri(bob, octets(2));
const bobsOther = mintClientUri(bob, octets(3));
const carolsClient = mintClientUri(userUri(domain, "carol"), octets(4));
const room = mintRoomUri(domain, octets(1));
const otherRoom = mintRoomUri(domain, octets(2));
const keptUntil = 9_000;

const reservation: Reservation = {
  room,
  user: alice,
  template: "group",
  hubPrivateKey: bytes(32, 1),
  hubPublicKey: bytes(32, 2),
  expiresAt: 1_000,
};

const founded: NewRoom = {
  room,
  generation: 0,
  term: 1,
  termSince: 0,
  hubPrivateKey: bytes(32, 1),
  hubPublicKey: bytes(32, 2),
  foundedAt: 100,
  signedHead: bytes(200, 3),
  head: { position: 0, hash: bytes(32, 0), epoch: 0, revision: 0 },
  epoch: epochRow(0),
  nodes: new Map([[0, bytes(90, 9)]]),
  members: [member(0, alicesClient)],
};

function epochRow(epoch: number): StoredEpoch {
  return {
    epoch,
    startedAt: 100 + epoch,
    entered: epoch === 1,
    treeSize: 15,
    treeHash: bytes(32, epoch),
    groupContext: bytes(50, epoch),
    confirmationTag: bytes(32, epoch),
    groupInfo: bytes(99, epoch),
  };
}

function change(
  epoch: number,
  given: Partial<Omit<EpochChange, "welcomed">> & { readonly welcomed?: readonly ClientUri[] },
): EpochChange {
  return {
    head: { position: epoch, hash: bytes(32, epoch), epoch, revision: epoch },
    signedHead: bytes(200, epoch),
    epoch: epochRow(epoch),
    nodes: [],
    removed: [],
    added: [],
    proposals: [],
    ...given,
    welcomed: (given.welcomed ?? []).map((client) => ({ client, keptUntil })),
  };
}

function member(leaf: number, client: ClientUri) {
  return { leaf, client, user: userOfClient(client) };
}

function proposal(value: number) {
  return { ref: bytes(32, value), message: bytes(60, value), acceptedAt: value };
}

function applied(
  tree: ReadonlyMap<number, Bytes>,
  nodes: EpochChange["nodes"],
): ReadonlyMap<number, Bytes> {
  const next = new Map(tree);
  for (const { index, node } of nodes) {
    if (node === undefined) next.delete(index);
    else next.set(index, node);
  }
  return next;
}

function bytes(length: number, value: number): Bytes {
  return new Uint8Array(length).fill(value);
}
