/** Somebody who had come back, at a server that was put back to when they were out. */
import { expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { startServer } from "../world/server.ts";
import { founded, next } from "../world/waiting.ts";

test("R-062 whom a restored server counts out learns of it, though an old stretch is left to read", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  let bob = await server.register("bob");
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("one");
  await bob.close();
  await hers.remove(["bob@localhost"]);
  const old = await keepData(server);
  bob = await server.open("bob");
  const again = next(bob, "joined", ({ room }) => room === hers.id);
  await bob.caughtUp();
  await hers.add(["bob@localhost"]);
  await again;
  // She would bring him in again at once.
  await alice.close();
  const out = next(bob, "removed", ({ room }) => room === hers.id);
  await old.putBack();
  await out;
  const known = await bob.conversations.get(hers.id);
  expect((await known.info()).status).toBe("removed");
  await bob.close();
});
