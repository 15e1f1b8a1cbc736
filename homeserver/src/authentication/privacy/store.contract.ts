import { DEFAULT_PRIVACY } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { PrivacyStore } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: PrivacyStore;
}>;

/** How every adapter of `PrivacyStore` behaves. `open` gives an empty store each time. */
export function privacyStoreContract(open: OpenStore): void {
  test("the last choice counts, and who is forgotten has chosen nothing", async () => {
    const { database, store } = await open();
    const hidden = { findable: "known", requests: "nobody", adding: "nobody" } as const;
    await database.transaction(async (tx) => {
      expect(await store.of(tx, "alice")).toEqual(DEFAULT_PRIVACY);
      await store.put(tx, "alice", { ...hidden, requests: "everybody" });
      await store.put(tx, "alice", hidden);
      await store.put(tx, "bob", hidden);
      expect(await store.of(tx, "alice")).toEqual(hidden);
      await store.forgetOwner(tx, "alice");
    });
    await database.read(async (tx) => {
      expect(await store.of(tx, "alice")).toEqual(DEFAULT_PRIVACY);
      expect(await store.of(tx, "bob")).toEqual(hidden);
    });
    await database.close();
  });
}
