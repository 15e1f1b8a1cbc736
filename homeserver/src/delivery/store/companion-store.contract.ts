import { mintClientUri, parseDomain, userOfClient, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { DeliveryStore, NewRoom } from "./store.ts";

/** How an adapter tells who shares rooms with whom; `founded` is any room hosted here. */
export function companionStoreContract(
  open: () => Promise<{ readonly database: Database; readonly store: DeliveryStore }>,
  founded: NewRoom,
): void {
  test("who shares a room is told once, whether it is hosted here or followed", async () => {
    const { database, store } = await open();
    const [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map((name, index) =>
      mintClientUri(userUri(elsewhere, name), (length) => new Uint8Array(length).fill(index)),
    );
    if (!alice || !bob || !carol || !dave) throw new Error("four clients");
    const members = [alice, bob].map((client, leaf) => ({
      leaf,
      client,
      user: userOfClient(client),
    }));
    await database.transaction(async (tx) => {
      await store.insertRoom(tx, { ...founded, members });
      const id = await store.insertFollowed(tx, {
        room: founded.room,
        hub: elsewhere,
        hubKey: new Uint8Array(32),
        generation: 0,
        head: { term: 1, epoch: 0, position: 0, hash: new Uint8Array(32), seen: 0, frozen: false },
      });
      await store.replaceFollowedRoster(tx, id, [
        { leaf: 0, client: bob },
        { leaf: 1, client: alice },
        { leaf: 2, client: carol },
      ]);
    });
    const of = (client: typeof alice) =>
      database.read((tx) => store.companionsOf(tx, userOfClient(client)));
    expect(await of(alice)).toEqual([bob, carol].map(userOfClient));
    expect(await of(carol)).toEqual([alice, bob].map(userOfClient));
    expect(await of(dave)).toEqual([]);
  });
}

const elsewhere = parseDomain("elsewhere.example");
