import { afterEach, beforeEach, expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, joinedBy, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

test("FED-957 what goes out again after a restore stands before what its author said later", async () => {
  const alice = await server.register("alice");
  const bob = await server.register("bob");
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("no room");
  await joinedBy(bob, hers.id);
  await hers.send("before");
  await reads(bob, hers.id, "before");
  await bob.close();
  const old = await keepData(server);
  await hers.send("first");
  await hers.send("second");
  await alice.caughtUp();
  await server.stop();
  const later = [hers.send("third"), hers.send("fourth")];
  await old.putBack();
  await Promise.all(later);
  const back = await server.open("bob");
  for (const text of ["first", "second", "third", "fourth"]) await reads(back, hers.id, text);
  const texts = await textsIn(await back.conversations.get(hers.id));
  expect(texts).toEqual(["before", "first", "second", "third", "fourth"]);
}, 60_000);
