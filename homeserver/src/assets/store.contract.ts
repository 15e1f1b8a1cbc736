import { expect, test } from "vitest";
import { mintAssetUri, mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import type { AssetUri } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { AssetStore, StoredAsset, StoredUpload } from "./store.ts";

const domain = parseDomain("example.org");
const elsewhere = parseDomain("elsewhere.example");
const alice = userUri(domain, "alice");
const bob = userUri(domain, "bob");
const octets = (length: number) => new Uint8Array(length);
const room = mintRoomUri(domain, octets);

const uri = (digit: number, at = domain): AssetUri =>
  mintAssetUri(at, (length) => new Uint8Array(length).fill(digit));
const key = (digit: number): string => String(digit).repeat(64);

function asset(digit: number, change: Partial<StoredAsset> = {}): StoredAsset {
  return {
    asset: uri(digit),
    owner: alice,
    blob: key(digit),
    size: 100 * digit,
    hash: new Uint8Array(32).fill(digit),
    access: { kind: "room", room },
    createdAt: 1000,
    expiresAt: undefined,
    ...change,
  };
}

function upload(digit: number, change: Partial<StoredUpload> = {}): StoredUpload {
  return {
    blob: key(digit),
    owner: alice,
    size: 1000 * digit,
    audience: { kind: "own", name: "a/b", replaces: null },
    expiresAt: 9000,
    touchedAt: 1000,
    asset: undefined,
    ...change,
  };
}

/** How every adapter of `AssetStore` behaves. `open` gives an empty store each time. */
export function assetStoreContract(
  open: () => Promise<{ readonly database: Database; readonly store: AssetStore }>,
): void {
  test("what is stored comes back as it was, by asset and by name", async () => {
    const { database, store } = await open();
    const kinds: StoredAsset[] = [
      asset(1, { expiresAt: 5000 }),
      asset(2, { access: { kind: "bearer", secretHash: new Uint8Array(32).fill(9) } }),
      asset(3, { access: { kind: "own", name: "a/2" } }),
      asset(4, { access: { kind: "own", name: "a/1" } }),
      asset(5, { access: { kind: "own", name: "a/1" }, owner: bob }),
      asset(6, { access: { kind: "own", name: "b" } }),
    ];
    await database.transaction(async (tx) => {
      for (const each of kinds) await store.addAsset(tx, each);
    });
    await database.read(async (tx) => {
      for (const each of kinds) expect(await store.asset(tx, each.asset)).toEqual(each);
      expect(await store.asset(tx, uri(9))).toBeUndefined();
      expect(await store.named(tx, bob, "a/1")).toEqual(kinds[4]);
      expect(await store.named(tx, bob, "b")).toBeUndefined();
      const page = { prefix: "a/", after: "", limit: 10 };
      expect(await store.namedFrom(tx, alice, page)).toEqual([kinds[3], kinds[2]]);
      expect(await store.namedFrom(tx, alice, { ...page, after: "a/1" })).toEqual([kinds[2]]);
      expect(await store.namedFrom(tx, alice, { ...page, limit: 1 })).toEqual([kinds[3]]);
      expect(await store.expired(tx, 4999, 10)).toEqual([]);
      expect(await store.expired(tx, 5000, 10)).toEqual([uri(1)]);
      expect(await store.ofOwner(tx, bob, 10)).toEqual([uri(5)]);
      expect(await store.ofRoom(tx, room, 10)).toEqual([uri(1)]);
      expect(await store.ofRoom(tx, room, 0)).toEqual([]);
      expect(await store.ofRoom(tx, mintRoomUri(elsewhere, octets), 10)).toEqual([]);
    });
  });

  test("a name has one asset of a user", async () => {
    const { database, store } = await open();
    const own = { kind: "own", name: "one" } as const;
    await database.transaction((tx) => store.addAsset(tx, asset(1, { access: own })));
    await expect(
      database.transaction((tx) => store.addAsset(tx, asset(2, { access: own }))),
    ).rejects.toThrow("UNIQUE");
  });

  test("a blob is doomed with its last reference, and not if there is another by then", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.addAsset(tx, asset(1));
      await store.addAsset(tx, asset(2, { blob: key(1), size: 100 }));
      await store.deleteAsset(tx, uri(1), 2000);
      expect(await store.doomed(tx, 10)).toEqual([]);
      expect(await store.totalBytes(tx)).toBe(100);
      await store.deleteAsset(tx, uri(2), 2000);
      await store.deleteAsset(tx, uri(2), 2000);
      expect(await store.doomed(tx, 10)).toEqual([key(1)]);
      expect(await store.totalBytes(tx)).toBe(0);
      await store.addAsset(tx, asset(3, { blob: key(1), size: 100 }));
      expect(await store.forgetBlob(tx, key(1))).toBe(false);
      await store.deleteAsset(tx, uri(3), 2000);
      expect(await store.forgetBlob(tx, key(1))).toBe(true);
      expect(await store.unknownBlobs(tx, [key(1)])).toEqual([key(1)]);
    });
  });

  test("a user's use counts each reference, and what is being uploaded", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.addAsset(tx, asset(1));
      await store.addAsset(tx, asset(2, { blob: key(1), size: 100 }));
      await store.addAsset(tx, asset(3, { owner: bob }));
      await store.addUpload(tx, upload(4));
      await store.addUpload(tx, upload(5, { asset: uri(1) }));
      expect(await store.usage(tx, alice)).toEqual({ bytes: 4200, assets: 2, uploads: 1 });
      expect(await store.usage(tx, bob)).toEqual({ bytes: 300, assets: 1, uploads: 0 });
      expect(await store.totalBytes(tx)).toBe(4400);
      const keys = [key(1), key(4), key(5), key(6)];
      expect(await store.unknownBlobs(tx, keys)).toEqual([key(5), key(6)]);
    });
  });

  test("uploads rest until they are touched, finished ones for a time of their own", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.addUpload(tx, upload(1));
      await store.addUpload(tx, upload(2));
      expect(await store.upload(tx, key(1))).toEqual(upload(1));
      await store.finishUpload(tx, key(2), { asset: uri(2), at: 1500 });
      const done = upload(2, { asset: uri(2), touchedAt: 1500 });
      expect(await store.upload(tx, key(2))).toEqual(done);
      const resting = (open_: number, finished: number) =>
        store.restingUploads(tx, { open: open_, finished }, 10);
      expect(await resting(1001, 0)).toEqual([upload(1)]);
      expect(await resting(0, 1501)).toEqual([done]);
      await store.touchUpload(tx, key(1), 3000);
      expect(await resting(1001, 0)).toEqual([]);
      expect(await store.uploadsOfOwner(tx, alice)).toEqual([key(1), key(2)]);
      await store.deleteUpload(tx, key(1));
      expect(await store.upload(tx, key(1))).toBeUndefined();
    });
  });

  test("FED-1013 servers with copies hear of deletions until they know, or for so long", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      for (const digit of [1, 2, 3]) await store.addAsset(tx, asset(digit));
      expect(await store.isHolder(tx, uri(1), elsewhere)).toBe(false);
      for (const digit of [1, 2, 1]) await store.addHolder(tx, uri(digit), elsewhere);
      expect(await store.isHolder(tx, uri(1), elsewhere)).toBe(true);
      expect(await store.holdersToTell(tx)).toEqual([]);
      await store.deleteAsset(tx, uri(1), 2000);
      await store.deleteAsset(tx, uri(2), 3000);
      await store.deleteAsset(tx, uri(3), 3000);
      expect(await store.holdersToTell(tx)).toEqual([elsewhere]);
      expect(await store.toTell(tx, elsewhere, 10)).toEqual([uri(1), uri(2)]);
      await store.told(tx, elsewhere, [uri(1)]);
      expect(await store.toTell(tx, elsewhere, 10)).toEqual([uri(2)]);
      await store.forgetNotices(tx, 3001);
      expect(await store.holdersToTell(tx)).toEqual([]);
    });
  });

  test("copies are known with what they were given for, the longest unused first", async () => {
    const { database, store } = await open();
    const copy = (digit: number, usedAt: number) => ({
      asset: uri(digit, elsewhere),
      size: 5000,
      grant: { kind: "room", room } as const,
      askedAt: 1000,
      usedAt,
    });
    const secret = { kind: "bearer", secretHash: new Uint8Array(32) } as const;
    await database.transaction(async (tx) => {
      await store.putCopy(tx, copy(1, 1000));
      await store.putCopy(tx, copy(2, 2000));
      await store.putCopy(tx, { ...copy(2, 2000), grant: secret });
      expect(await store.copy(tx, uri(2, elsewhere))).toEqual({ ...copy(2, 2000), grant: secret });
      await store.useCopy(tx, uri(1, elsewhere), 3000);
      const oldest = await store.oldestCopies(tx, 10);
      expect(oldest.map((each) => each.asset)).toEqual([uri(2, elsewhere), uri(1, elsewhere)]);
      expect((await store.copyKeys(tx)).size).toBe(2);
      await store.deleteCopy(tx, uri(2, elsewhere));
      expect(await store.copy(tx, uri(2, elsewhere))).toBeUndefined();
    });
  });
}
