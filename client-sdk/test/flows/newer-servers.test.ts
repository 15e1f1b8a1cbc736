import { expect, test } from "vitest";

import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, reads, textsIn } from "../world/waiting.ts";

test("FED-410 frames of a type that only a newer server knows are passed over", async () => {
  await using server = await startServer();
  const bob = await server.register("bob");
  const octets = (bytes: Uint8Array) => [Uint8Array.of(99, 1, 2, 3), bytes];
  const alice = await openTampered(server, "alice", { octets }, { password, register: {} });
  const states = heard(alice, "state");
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  await (await bob.conversations.get(room.id)).send("hello");
  await reads(alice, room.id, "hello");
  await room.send("hello to you");
  expect(await textsIn(room)).toEqual(["hello", "hello to you"]);
  // And the connection holds.
  expect(states.map(({ state }) => state)).not.toContain("offline");
});
