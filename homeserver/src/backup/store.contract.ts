import { expect, test } from "vitest";
import type { Database } from "../platform/index.ts";
import type { LivesStore } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: LivesStore;
}>;

/** How every adapter of `LivesStore` behaves. `open` gives an empty store each time. */
export function livesStoreContract(open: OpenStore): void {
  test("keeps the one row that was put last, and none at first", async () => {
    const { database, store } = await open();
    expect(await database.read((tx) => store.lives(tx))).toBeUndefined();
    const copied = { count: 7, incarnation: new Uint8Array(16).fill(1), copiedAt: 9_000 };
    const used = { count: 8, incarnation: new Uint8Array(16).fill(2), copiedAt: undefined };
    for (const lives of [copied, used]) {
      await database.transaction((tx) => store.putLives(tx, lives));
      expect(await database.read((tx) => store.lives(tx))).toEqual(lives);
    }
  });
}
