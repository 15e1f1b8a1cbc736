import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { AccountDataStore } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: AccountDataStore;
}>;

/** How every adapter of `AccountDataStore` behaves. `open` gives an empty store each time. */
export function accountDataStoreContract(open: OpenStore): void {
  test("a record belongs to an owner and a slot, and the last one put counts", async () => {
    const { database, store } = await open();
    const first = record("b", 1, 7);
    const second = { ...record("b", 2, 8), changedAt: 20 };
    const other = record("a", 1, 9);
    await database.transaction(async (tx) => {
      await store.put(tx, "alice", first);
      await store.put(tx, "alice", second);
      await store.put(tx, "alice", other);
      await store.put(tx, "bob", first);
    });
    await database.read(async (tx) => {
      expect(await store.record(tx, "alice", "b")).toEqual(second);
      expect(await store.record(tx, "bob", "b")).toEqual(first);
      expect(await store.record(tx, "bob", "a")).toBeUndefined();
      expect(await store.list(tx, "alice")).toEqual([
        { slot: "a", version: 1, changedAt: 10 },
        { slot: "b", version: 2, changedAt: 20 },
      ]);
    });
    await database.close();
  });

  test("an owner is forgotten with everything, and nobody else", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.put(tx, "alice", record("a", 1, 1));
      await store.put(tx, "alice", record("b", 1, 1));
      await store.put(tx, "bob", record("a", 1, 1));
      await store.forgetOwner(tx, "alice");
    });
    await database.read(async (tx) => {
      expect(await store.list(tx, "alice")).toEqual([]);
      expect(await store.list(tx, "bob")).toHaveLength(1);
    });
    await database.close();
  });
}

function record(slot: string, version: number, fill: number) {
  return { slot, version, changedAt: 10, sealed: new Uint8Array(5).fill(fill) };
}
