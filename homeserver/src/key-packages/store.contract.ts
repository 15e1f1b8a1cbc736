import { expect, test } from "vitest";
import {
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { CandidateQuery, KeyPackageStore, Receiver, StoredKeyPackage } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: KeyPackageStore;
}>;

/** How every adapter of `KeyPackageStore` behaves. `open` gives an empty store each time. */
export function keyPackageStoreContract(open: OpenStore): void {
  test("what is added is in stock once, and counted by kind while it is valid", async () => {
    const { database, store } = await open();
    const packages = [keyPackage(1), keyPackage(2), keyPackage(3, { lastResort: true })];
    const add = () => database.transaction((tx) => store.add(tx, packages));
    expect(await add()).toBe(3);
    expect(await add()).toBe(0);
    await database.read(async (tx) => {
      expect(await store.stock(tx, alice, 1_500)).toEqual({ ordinary: 2, lastResort: 1 });
      expect(await store.stock(tx, alice, 9_001)).toEqual({ ordinary: 1, lastResort: 1 });
      expect(await store.stock(tx, bob, 1_500)).toEqual({ ordinary: 0, lastResort: 0 });
      const ours = await store.candidates(tx, query());
      expect(ours).toEqual(packages);
      expect(await store.candidates(tx, query({ client: bob }))).toEqual([]);
    });
  });

  test("candidates come ordinary first, then by expiry, of the suites asked for", async () => {
    const { database, store } = await open();
    const spare = keyPackage(1, { lastResort: true });
    const late = keyPackage(2, { notAfter: 9_500 });
    const soon = keyPackage(3, { notAfter: 8_000 });
    const foreign = keyPackage(4, { suite: 3 });
    await database.transaction((tx) => store.add(tx, [spare, late, soon, foreign]));
    await database.read(async (tx) => {
      expect(await store.candidates(tx, query())).toEqual([soon, late, spare]);
      expect(await store.candidates(tx, query({ limit: 1 }))).toEqual([soon]);
      expect(await store.candidates(tx, query({ suites: [3] }))).toEqual([foreign]);
      expect(await store.candidates(tx, query({ suites: [2] }))).toEqual([]);
      const both = await store.candidates(tx, query({ suites: [3, 1] }));
      expect(both).toEqual([soon, foreign, late, spare]);
    });
  });

  test("a purge leaves nothing in stock, and what was there never comes back", async () => {
    const { database, store } = await open();
    const [given, left, spare] = [
      keyPackage(1),
      keyPackage(2),
      keyPackage(3, { lastResort: true }),
    ];
    const forgotten = { requester: userOfClient(alice), room: undefined, at: 3_000 };
    await database.transaction(async (tx) => {
      await store.add(tx, [given, left, spare]);
      for (const one of [given, spare]) await store.handOut(tx, one, toBob);
      await store.purge(tx, 3_000);
      await store.purge(tx, 4_000);
      expect(await store.stock(tx, alice, 1_500)).toEqual({ ordinary: 0, lastResort: 0 });
      expect(await store.candidates(tx, query())).toEqual([]);
      expect(await store.receivers(tx, given.ref)).toEqual([toBob]);
      expect(await store.receivers(tx, left.ref)).toEqual([forgotten]);
      expect(await store.receivers(tx, spare.ref)).toEqual([forgotten, toBob]);
      expect(await store.add(tx, [given, left, spare])).toBe(0);
      expect(await store.add(tx, [keyPackage(4)])).toBe(1);
    });
  });

  test("FED-969 a requester who is forgotten leaves nothing, and what was given stays given", async () => {
    const { database, store } = await open();
    const [one, spare] = [keyPackage(1), keyPackage(3, { lastResort: true })];
    const nobody = { requester: userOfClient(alice), room: undefined, at: toBob.at };
    await database.transaction(async (tx) => {
      await store.add(tx, [one, spare]);
      await store.handOut(tx, one, toBob);
      await store.handOut(tx, spare, toBob);
      await store.handOut(tx, spare, { ...nobody, at: 1 });
      await store.forgetRequester(tx, toBob.requester);
      await store.forgetRequester(tx, toBob.requester);
    });
    await database.read(async (tx) => {
      for (const { ref } of [one, spare]) {
        const left = await store.receivers(tx, ref);
        expect(left.map(({ requester }) => requester)).not.toContain(toBob.requester);
        expect(left.length).toBeGreaterThan(0);
      }
    });
    expect(await database.transaction((tx) => store.add(tx, [one]))).toBe(0);
  });

  test("R-036 whom packages went to is known by user, server and the room they were for", async () => {
    const { database, store } = await open();
    const room = mintRoomUri(parseDomain("third.example"), (length) => new Uint8Array(length));
    await database.transaction(async (tx) => {
      await store.add(tx, [keyPackage(1)]);
      await store.handOut(tx, keyPackage(1), { ...toBob, room });
    });
    await database.read(async (tx) => {
      const to = (who: Parameters<typeof store.wasHandedTo>[2], user = userOfClient(alice)) =>
        store.wasHandedTo(tx, user, who);
      const server = (name: string) => ({ kind: "server", domain: parseDomain(name) }) as const;
      expect(await to({ kind: "user", user: toBob.requester })).toBe(true);
      expect(await to(server(domain))).toBe(true);
      expect(await to(server("third.example"))).toBe(true);
      expect(await to(server("hird.example"))).toBe(false);
      expect(await to({ kind: "user", user: userUri(domain, "bo") })).toBe(false);
      expect(await to({ kind: "user", user: toBob.requester }, userUri(domain, "alic"))).toBe(
        false,
      );
    });
  });

  test("none is a candidate before its lifetime or once it is about to end", async () => {
    const { database, store } = await open();
    const only = keyPackage(1, { notBefore: 1_000, notAfter: 9_000 });
    await database.transaction((tx) => store.add(tx, [only]));
    await database.read(async (tx) => {
      const found = async (change: Partial<CandidateQuery>) =>
        (await store.candidates(tx, query(change))).length;
      expect(await found({ at: 999 })).toBe(0);
      expect(await found({ at: 1_000 })).toBe(1);
      expect(await found({ usableUntil: 8_999 })).toBe(1);
      expect(await found({ usableUntil: 9_000 })).toBe(0);
    });
  });

  test("an ordinary package goes once and never enters the stock again", async () => {
    const { database, store } = await open();
    const only = keyPackage(1);
    await database.transaction((tx) => store.add(tx, [only]));
    await database.transaction((tx) => store.handOut(tx, only, toBob));
    await database.read(async (tx) => {
      expect(await store.candidates(tx, query())).toEqual([]);
      expect(await store.receivers(tx, only.ref)).toEqual([toBob]);
    });
    expect(await database.transaction((tx) => store.add(tx, [only]))).toBe(0);
  });

  test("a last-resort package stays, and everybody who got it is remembered", async () => {
    const { database, store } = await open();
    const spare = keyPackage(1, { lastResort: true });
    const again = { ...toBob, at: 3_000 };
    const toCarol: Receiver = { requester: userUri(domain, "carol"), room: undefined, at: 2_500 };
    await database.transaction(async (tx) => {
      await store.add(tx, [spare]);
      for (const to of [toBob, toCarol, again]) await store.handOut(tx, spare, to);
    });
    await database.read(async (tx) => {
      expect(await store.candidates(tx, query())).toEqual([spare]);
      expect(await store.receivers(tx, spare.ref)).toEqual([again, toCarol]);
      expect(await store.receivers(tx, bytes(32, 77))).toEqual([]);
    });
  });

  test("a new last-resort package takes the place of the one of its suite", async () => {
    const { database, store } = await open();
    const first = keyPackage(1, { lastResort: true });
    const other = keyPackage(2, { lastResort: true, suite: 3 });
    const foreign = keyPackage(3, { lastResort: true, client: bob });
    const second = keyPackage(4, { lastResort: true });
    await database.transaction((tx) => store.add(tx, [first, other, foreign]));
    await database.transaction((tx) => store.add(tx, [second]));
    await database.read(async (tx) => {
      expect(await store.candidates(tx, query({ suites: [1, 3] }))).toEqual([other, second]);
      expect(await store.candidates(tx, query({ client: bob }))).toEqual([foreign]);
    });
  });

  test("deleting a client's packages leaves those of others", async () => {
    const { database, store } = await open();
    const [given, kept, others] = [keyPackage(1), keyPackage(2), keyPackage(3, { client: bob })];
    await database.transaction(async (tx) => {
      await store.add(tx, [given, kept, others]);
      await store.handOut(tx, given, toBob);
    });
    await database.transaction((tx) => store.deleteOf(tx, alice));
    await database.read(async (tx) => {
      expect(await store.candidates(tx, query())).toEqual([]);
      expect(await store.receivers(tx, given.ref)).toEqual([]);
      expect(await store.candidates(tx, query({ client: bob }))).toEqual([others]);
    });
  });

  test("expired rows of both kinds go, so many at a time", async () => {
    const { database, store } = await open();
    const packages = [1, 2, 3, 4].map((order) => keyPackage(order));
    const [given] = packages;
    if (!given) throw new Error("four packages were made");
    await database.transaction(async (tx) => {
      await store.add(tx, packages);
      await store.handOut(tx, given, toBob);
    });
    const remove = (at: number, limit: number) =>
      database.transaction((tx) => store.deleteExpired(tx, at, limit));
    expect(await remove(9_000, 10)).toBe(0);
    expect(await remove(9_003, 1)).toBe(2);
    expect(await remove(9_003, 10)).toBe(1);
    await database.read(async (tx) => {
      expect(await store.receivers(tx, given.ref)).toEqual([]);
      expect(await store.stock(tx, alice, 1_500)).toEqual({ ordinary: 1, lastResort: 0 });
    });
  });
}

const domain = parseDomain("example.org");
const alice = mintClientUri(userUri(domain, "alice"), (length) => bytes(length, 1));
const bob = mintClientUri(userUri(domain, "bob"), (length) => bytes(length, 2));
const room = mintRoomUri(domain, (length) => bytes(length, 3));
const toBob: Receiver = { requester: userUri(domain, "bob"), room, at: 2_000 };

function keyPackage(order: number, change: Partial<StoredKeyPackage> = {}): StoredKeyPackage {
  return {
    ref: bytes(32, order),
    client: alice,
    suite: 1,
    lastResort: false,
    notBefore: 1_000,
    notAfter: 9_000 + order,
    keyPackage: bytes(300, order),
    ...change,
  };
}

function query(change: Partial<CandidateQuery> = {}): CandidateQuery {
  return { client: alice, suites: [1], at: 1_500, usableUntil: 2_000, limit: 10, ...change };
}

function bytes(length: number, fill: number): Bytes {
  return new Uint8Array(length).fill(fill);
}
