import { mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { Row } from "./relation.ts";
import type { ContactStore } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: ContactStore;
}>;

/** How every adapter of `ContactStore` behaves. `open` gives an empty store each time. */
export function contactStoreContract(open: OpenStore): void {
  rowContract(open);
  blockContract(open);
  countContract(open);
  endContract(open);
}

function rowContract(open: OpenStore): void {
  test("rows between two are replaced as a whole, and belong to one owner", async () => {
    const { database, store } = await open();
    const first = [row({ asked: true, note: "hello" }), row({ room: r1, given: true })];
    const second = [row({ room: r2, waiting: true }), row({ room: r1, received: true })];
    await database.transaction(async (tx) => {
      await store.replace(tx, aliceBob, first);
      await store.replace(tx, carolBob, second);
    });
    await database.read(async (tx) => {
      expect(await store.between(tx, aliceBob)).toEqual(first);
      expect(await store.between(tx, carolBob)).toEqual(second.toReversed());
      expect(await store.between(tx, { owner: "alice", user: eve })).toEqual([]);
    });
    await database.transaction((tx) => store.replace(tx, aliceBob, second));
    await database.read(async (tx) => {
      expect(await store.between(tx, aliceBob)).toEqual(second.toReversed());
    });
    await database.transaction((tx) => store.replace(tx, aliceBob, []));
    expect(await database.read((tx) => store.list(tx, "alice"))).toEqual([]);
  });

  test("a list has everybody of its owner, by user, those that are only blocked included", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.replace(tx, { owner: "alice", user: eve }, [row({ waiting: true })]);
      await store.replace(tx, aliceBob, [row({ given: true }), row({ room: r1, asked: true })]);
      await store.replace(tx, carolBob, [row({ given: true })]);
      await store.block(tx, { owner: "alice", user: dora }, 5);
      await store.block(tx, aliceBob, 6);
    });
    expect(await database.read((tx) => store.list(tx, "alice"))).toEqual([
      { user: dora, rows: [], blockedSince: 5 },
      {
        user: bob,
        rows: [row({ given: true }), row({ room: r1, asked: true })],
        blockedSince: 6,
      },
      { user: eve, rows: [row({ waiting: true })], blockedSince: undefined },
    ]);
  });
}

function blockContract(open: OpenStore): void {
  test("a block keeps its first time until it ends", async () => {
    const { database, store } = await open();
    const since = () => database.read((tx) => store.blockedSince(tx, aliceBob));
    expect(await since()).toBeUndefined();
    await database.transaction(async (tx) => {
      await store.block(tx, aliceBob, 5);
      await store.block(tx, aliceBob, 9);
    });
    expect(await since()).toBe(5);
    expect(await database.read((tx) => store.blockedSince(tx, carolBob))).toBeUndefined();
    await database.transaction(async (tx) => {
      await store.unblock(tx, aliceBob);
      await store.unblock(tx, aliceBob);
    });
    expect(await since()).toBeUndefined();
  });

  test("FED-966 a standing is what is given for any room or for the one that is named", async () => {
    const { database, store } = await open();
    const standing = (room?: typeof r1) =>
      database.read((tx) => store.standing(tx, aliceBob, room));
    const put = (rows: readonly Row[]) =>
      database.transaction((tx) => store.replace(tx, aliceBob, rows));
    expect(await standing(r1)).toEqual({ given: false, blocked: false });
    await put([row({ room: r1, given: true }), row({ room: r2, received: true })]);
    expect(await standing(r1)).toEqual({ given: true, blocked: false });
    expect(await standing(r2)).toEqual({ given: false, blocked: false });
    expect(await standing()).toEqual({ given: false, blocked: false });
    await put([row({ given: true })]);
    for (const room of [undefined, r1]) {
      expect(await standing(room)).toEqual({ given: true, blocked: false });
    }
    await database.transaction((tx) => store.block(tx, aliceBob, 5));
    expect(await standing()).toEqual({ given: true, blocked: true });
    await put([row({ asked: true, received: true, waiting: true })]);
    expect(await standing()).toEqual({ given: false, blocked: true });
  });

  test("R-036 an owner knows with whom there is anything, by user and by server", async () => {
    const { database, store } = await open();
    const knows = () =>
      database.read((tx) =>
        Promise.all([
          store.knows(tx, "alice", { kind: "user", user: bob }),
          store.knows(tx, "alice", { kind: "server", domain: b }),
          store.knows(tx, "alice", { kind: "user", user: dora }),
          store.knows(tx, "alice", { kind: "server", domain: c }),
          store.knows(tx, "carol", { kind: "user", user: bob }),
        ]),
      );
    const put = (rows: readonly Row[]) =>
      database.transaction((tx) => store.replace(tx, aliceBob, rows));
    expect(await knows()).toEqual([false, false, false, false, false]);
    for (const known of [row({ received: true }), row({ room: r1, given: true })]) {
      await put([known]);
      expect(await knows()).toEqual([true, true, false, false, false]);
    }
  });
}

function countContract(open: OpenStore): void {
  test("counts are of users once, and of requests that are open", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.replace(tx, aliceBob, [row({ asked: true }), row({ room: r1, asked: true })]);
      await store.replace(tx, { owner: "alice", user: eve }, [
        row({ asked: true, received: true }),
        row({ room: r1, waiting: true }),
      ]);
      await store.block(tx, { owner: "alice", user: eve }, 5);
      await store.block(tx, { owner: "alice", user: dora }, 5);
      await store.replace(tx, carolBob, [row({ asked: true, waiting: true })]);
    });
    await database.read(async (tx) => {
      expect(await store.count(tx, "alice")).toEqual({ users: 3, asked: 2, waiting: 1 });
      expect(await store.count(tx, "carol")).toEqual({ users: 1, asked: 1, waiting: 1 });
      expect(await store.count(tx, "nobody")).toEqual({ users: 0, asked: 0, waiting: 0 });
      expect(await store.countAskedAt(tx, b)).toBe(3);
      expect(await store.countAskedAt(tx, c)).toBe(0);
      expect(await store.countWaitingFrom(tx, "alice", c)).toBe(1);
      expect(await store.countWaitingFrom(tx, "alice", b)).toBe(0);
      expect(await store.countWaitingFrom(tx, "carol", b)).toBe(1);
    });
  });
}

function endContract(open: OpenStore): void {
  test("FED-969 who is gone is found everywhere, and forgotten", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.replace(tx, aliceBob, [row({ given: true })]);
      await store.replace(tx, { owner: "alice", user: eve }, [row({ given: true })]);
      await store.block(tx, carolBob, 5);
      await store.block(tx, aliceBob, 5);
    });
    await database.read(async (tx) => {
      expect(await store.ownersOf(tx, bob)).toEqual(["alice", "carol"]);
      expect(await store.ownersOf(tx, dora)).toEqual([]);
      expect(await store.domainsOf(tx, "alice")).toEqual([b, c]);
      expect(await store.domainsOf(tx, "carol")).toEqual([]);
    });
    await database.transaction((tx) => store.forget(tx, aliceBob));
    await database.read(async (tx) => {
      expect(await store.ownersOf(tx, bob)).toEqual(["carol"]);
      expect((await store.list(tx, "alice")).map(({ user }) => user)).toEqual([eve]);
    });
    await database.transaction(async (tx) => {
      await store.forgetOwner(tx, "alice");
      await store.forgetOwner(tx, "carol");
    });
    await database.read(async (tx) => {
      for (const owner of ["alice", "carol"]) expect(await store.list(tx, owner)).toEqual([]);
    });
  });
}

const [b, c] = [parseDomain("b.example"), parseDomain("c.example")];
const [bob, dora, eve] = [
  userUri(b, "bob"),
  userUri(parseDomain("a.example"), "dora"),
  userUri(c, "eve"),
];
const [r1, r2] = [roomOf(1), roomOf(2)];
const aliceBob = { owner: "alice", user: bob };
const carolBob = { owner: "carol", user: bob };

function roomOf(fill: number) {
  return mintRoomUri(parseDomain("a.example"), (length) => new Uint8Array(length).fill(fill));
}

function row(changes: Partial<Row>): Row {
  const none = { asked: false, waiting: false, given: false, received: false };
  return { room: undefined, ...none, note: "", changedAt: 3, ...changes };
}
