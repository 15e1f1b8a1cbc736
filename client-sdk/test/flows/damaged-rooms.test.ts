/** What is broken in one conversation, in a client's store, is for that conversation alone. */
import Database from "better-sqlite3";
import { expect, test } from "vitest";

import { startServer } from "../world/server.ts";
import { founded, reads, until } from "../world/waiting.ts";

for (const [damage, sql] of [
  ["is gone", "DELETE FROM group_rows WHERE room = ?"],
  ["cannot be read", "UPDATE group_rows SET sealed_value = zeroblob(40) WHERE room = ?"],
] as const) {
  test(`R-057 a conversation whose group ${damage} keeps no other from going on, and is come back into`, async () => {
    await using server = await startServer();
    const alice = await server.register("alice");
    let bob = await server.register("bob");
    const [broken] = await founded(alice, "broken", [bob]);
    const [sound] = await founded(alice, "sound", [bob]);
    if (broken === undefined || sound === undefined) throw new Error("no room");
    await bob.caughtUp();
    await bob.close();
    const store = new Database(server.path("bob"));
    expect(store.prepare(sql).run(broken.id).changes).toBeGreaterThan(0);
    store.close();

    await broken.send("into the broken one");
    await sound.send("into the sound one");
    bob = await server.open("bob");
    await reads(bob, sound.id, "into the sound one");
    await sound.send("and one more");
    await reads(bob, sound.id, "and one more");
    const theirs = await bob.conversations.get(broken.id);
    await until(bob, async () => (await theirs.info()).health.state === "ok");
    await broken.send("once more");
    await reads(bob, broken.id, "once more");
  });
}
