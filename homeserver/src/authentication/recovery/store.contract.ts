import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { RecoveryCopy, RecoveryStore } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: RecoveryStore;
}>;

/** How every adapter of `RecoveryStore` behaves. `open` gives an empty store each time. */
export function recoveryStoreContract(open: OpenStore): void {
  test("a copy follows the one of the version before, and no other", async () => {
    const { database, store } = await open();
    const [first, second] = [copy(1), copy(2)];
    await database.transaction(async (tx) => {
      expect(await store.put(tx, "alice", second)).toBe(false);
      expect(await store.put(tx, "alice", first)).toBe(true);
      expect(await store.put(tx, "alice", { ...first, createdAt: 99 })).toBe(false);
      expect(await store.put(tx, "alice", copy(3))).toBe(false);
      expect(await store.copy(tx, "alice")).toEqual(first);
      expect(await store.put(tx, "alice", second)).toBe(true);
    });
    await database.read(async (tx) => {
      expect(await store.copy(tx, "alice")).toEqual(second);
      expect(await store.copy(tx, "bob")).toBeUndefined();
    });
    await database.close();
  });

  test("an owner is forgotten, and nobody else", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.put(tx, "alice", copy(1));
      await store.put(tx, "bob", copy(1));
      await store.forgetOwner(tx, "alice");
    });
    await database.read(async (tx) => {
      expect(await store.copy(tx, "alice")).toBeUndefined();
      expect(await store.copy(tx, "bob")).toEqual(copy(1));
    });
    await database.close();
  });
}

function copy(version: number): RecoveryCopy {
  return {
    version,
    verificationKey: new Uint8Array(32).fill(version),
    sealedCopy: new Uint8Array(5).fill(version),
    createdAt: 10 * version,
  };
}
