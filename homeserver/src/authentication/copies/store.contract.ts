import { parseClientUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { StoreMarks } from "./store.ts";

export type OpenStore = () => Promise<{ readonly database: Database; readonly store: StoreMarks }>;

const client = parseClientUri("mimi://example.org/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const other = parseClientUri("mimi://example.org/d/alice/baaaaaaaaaaaaaaaaaaaaaaaaa");
const mark = (value: number) => new Uint8Array(16).fill(value);

/** How every adapter of `StoreMarks` behaves. `open` gives an empty store each time. */
export function storeMarksContract(open: OpenStore): void {
  test("what was put last counts, and who is forgotten has none", async () => {
    const { database, store } = await open();
    const nothing = { replaced: [], former: [], copiedAt: undefined };
    const first = { client, name: "alice", mark: mark(1), ...nothing };
    const lists = { replaced: [mark(1), mark(9)], former: [mark(3), mark(4)] };
    const second = { ...first, mark: mark(2), ...lists, copiedAt: 7 };
    await database.transaction(async (tx) => {
      expect(await store.of(tx, client)).toBeUndefined();
      await store.put(tx, first);
      expect(await store.of(tx, client)).toEqual(first);
      await store.put(tx, second);
      expect(await store.of(tx, client)).toEqual(second);
      await store.put(tx, { ...first, client: other });
      await store.forgetClient(tx, client);
      expect(await store.of(tx, client)).toBeUndefined();
      expect(await store.of(tx, other)).toBeDefined();
      await store.forgetOwner(tx, "alice");
      expect(await store.of(tx, other)).toBeUndefined();
    });
    await database.close();
  });
}
