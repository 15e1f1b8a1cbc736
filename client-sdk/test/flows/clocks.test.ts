import { expect, test } from "vitest";

import { openPoisoned } from "../world/poisoned.ts";
import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { agreed, founded, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

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

test("R-019 FED-1107 whoever cannot apply a commit waits no longer when its clock is set right meanwhile", async () => {
  await using server = await startServer();
  await (await server.register("mallory")).close();
  const mallory = await openPoisoned(server, "mallory");
  await mallory.client.caughtUp();
  // Who is never there to judge, and to have the commit taken back.
  await (await server.register("carol")).close();
  await (await server.register("bob")).close();
  let clockMs = 30 * 60_000;
  const bob = await openTampered(server, "bob", { clockMs: () => clockMs });
  const [room] = await founded(mallory.client, "Tea", [bob]);
  if (room === undefined) throw new Error("no room");
  await room.add(["carol@localhost"]);
  await bob.caughtUp();
  const theirs = await bob.conversations.get(room.id);
  await agreed([
    [mallory.client, room],
    [bob, theirs],
  ]);
  const failed = next(bob, "fault", ({ code }) => code === "commitInvalid");
  const back = next(bob, "joined", (value) => value.room === room.id);
  mallory.poison = "pathSecrets";
  await room.setHistoryDays(3);
  mallory.poison = undefined;
  await failed;
  clockMs = 0;
  await back;
  await room.send("in time");
  await reads(bob, room.id, "in time");
  expect(await theirs.historyDays()).toBe(3);
});
