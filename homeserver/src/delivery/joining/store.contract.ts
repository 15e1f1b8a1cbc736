import { parseUserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { LinkUseStore } from "./store.ts";

/** How an adapter counts the uses of join links. */
export function linkUseStoreContract(
  open: () => Promise<{ readonly database: Database; readonly store: LinkUseStore }>,
): void {
  test("FED-1085 uses are counted by room and link, and forgotten with the link", async () => {
    const { database, store } = await open();
    const zoe = parseUserUri("mimi://example.org/u/zoe");
    const [one, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const counts = () =>
      database.read(async (tx) => [
        await store.countLinkUses(tx, 7, one),
        await store.countLinkUses(tx, 7, other),
        await store.countLinkUses(tx, 8, one),
      ]);
    await database.transaction(async (tx) => {
      await store.addLinkUse(tx, 7, { link: one, position: 4, owedTo: zoe });
      await store.addLinkUse(tx, 7, { link: one, position: 5, owedTo: undefined });
      await store.addLinkUse(tx, 7, { link: other, position: 6, owedTo: undefined });
    });
    expect(await counts()).toEqual([2, 1, 0]);
    const all = await database.read((tx) => store.linkUses(tx, 7));
    expect(all.map(({ position, owedTo }) => [position, owedTo])).toEqual([
      [4, zoe],
      [5, undefined],
      [6, undefined],
    ]);
    const took = (link: typeof one) =>
      database.transaction((tx) => store.takeOwedRole(tx, 7, link, zoe));
    expect([await took(other), await took(one), await took(one)]).toEqual([false, true, false]);
    await database.transaction((tx) => store.dropLinkUse(tx, 7, 5));
    expect(await counts()).toEqual([1, 1, 0]);
    await database.transaction((tx) => store.keepLinkUses(tx, 7, [other]));
    expect(await counts()).toEqual([0, 1, 0]);
    await database.transaction((tx) => store.keepLinkUses(tx, 7, []));
    expect(await counts()).toEqual([0, 0, 0]);
  });
}
