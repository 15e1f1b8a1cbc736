import { parseDomain, userUri } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../platform/index.ts";
import type { AnswerStore } from "./answer-store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: AnswerStore;
}>;

/** How every adapter of `AnswerStore` behaves. `open` gives an empty store each time. */
export function answerStoreContract(open: OpenStore): void {
  test("FED-933 an answer is found by its peer and transaction", async () => {
    const { database, store } = await open();
    await database.transaction((tx) => store.keep(tx, { peer: b, id: "1" }, kept(1)));
    await database.read(async (tx) => {
      expect(await store.find(tx, { peer: b, id: "1" })).toEqual({
        requestHash: bytes(32, 1),
        answer: bytes(99, 1),
      });
      expect(await store.find(tx, { peer: b, id: "2" })).toBeUndefined();
      expect(await store.find(tx, { peer: c, id: "1" })).toBeUndefined();
    });
  });

  test("answers go when they are old, and with the user whom they are about", async () => {
    const { database, store } = await open();
    const left = async (): Promise<readonly string[]> => {
      const ids = ["1", "2", "3", "4"];
      const found = await database.read((tx) =>
        Promise.all(ids.map((id) => store.find(tx, { peer: b, id }))),
      );
      return ids.filter((_, place) => found[place] !== undefined);
    };
    await database.transaction(async (tx) => {
      for (const fill of [1, 2, 3]) await store.keep(tx, { peer: b, id: `${fill}` }, kept(fill));
      const target = userUri(a, "carol");
      await store.keep(tx, { peer: b, id: "4" }, { ...kept(4), target });
    });
    const remove = (limit: number) =>
      database.transaction((tx) => store.deleteKeptBefore(tx, 3, limit));
    expect(await remove(1)).toBe(1);
    expect(await left()).toEqual(["2", "3", "4"]);
    expect(await remove(9)).toBe(1);
    expect(await remove(9)).toBe(0);
    await database.transaction((tx) => store.deleteOf(tx, userUri(a, "alice")));
    expect(await left()).toEqual(["4"]);
  });
}

const [a, b, c] = [parseDomain("a.example"), parseDomain("b.example"), parseDomain("c.example")];

function kept(fill: number) {
  const target = userUri(a, "alice");
  return { requestHash: bytes(32, fill), answer: bytes(99, fill), target, at: fill };
}

function bytes(length: number, fill: number): Bytes {
  return new Uint8Array(length).fill(fill);
}
