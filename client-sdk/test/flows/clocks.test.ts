import { expect, test } from "vitest";

import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, reads, textsIn } from "../world/waiting.ts";

test("R-019 FED-204 a client whose clock falls hours behind goes on by its server's time", async () => {
  await using server = await startServer();
  let clockMs = 0;
  const bob = await server.register("bob");
  const alice = await openTampered(
    server,
    "alice",
    { clockMs: () => clockMs },
    { password, register: {} },
  );
  await alice.caughtUp();
  // From before it was registered, as it sees it.
  clockMs = -3 * 60 * 60_000;
  const room = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  const theirs = await joinedBy(bob, room.id);
  await room.setHistoryDays(3);
  await room.rejoin();
  await room.send("in time");
  await reads(bob, room.id, "in time");
  expect(await textsIn(theirs)).toEqual(["in time"]);
});
