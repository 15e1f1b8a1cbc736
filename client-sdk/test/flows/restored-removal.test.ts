/** Somebody who had come back, at a server that was put back to when they were out. */
import { type ClientFrame, Refusal, refusedFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { Conversation } from "../../src/node.ts";
import { keepData } from "../world/old-data.ts";
import { password, startServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { founded, next, until } from "../world/waiting.ts";

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

test("R-062 whom a restored server counts in again after they left wishes nothing there but to leave", async () => {
  await using server = await startServer();
  let alice = await server.register("alice");
  const carol = await server.register("carol");
  let away = false;
  const { promise: acted, resolve } = Promise.withResolvers<void>();
  let isBack = false;
  const act = () => {
    if (isBack) resolve();
  };
  const answer = (frame: ClientFrame) => {
    if (frame.type !== "update") return undefined;
    if (away) return refusedFrame(frame.requestId, new Refusal("unavailable", "not now"));
    act();
    return undefined;
  };
  const fetch: TamperedFetch = (request, send) => {
    if (request.url.endsWith("/leave")) act();
    return send(request);
  };
  const bob = await openTampered(server, "bob", { answer, fetch }, { password, register: {} });
  await bob.caughtUp();
  const [hers, his] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his) throw new Error("two");
  await hers.setRole(["bob@localhost"], "admin");
  await bob.caughtUp();
  const old = await keepData(server);
  // Nobody carries out what he wishes, and what he still wanted is built and does not get there.
  await alice.close();
  await carol.close();
  away = true;
  const left = his.leave();
  const removing = his.remove(["carol@localhost"]).catch((error: unknown) => error);
  await left;
  const gap = next(bob, "gap", ({ stream }) => stream === hers.id).then(() => {
    [away, isBack] = [false, true];
  });
  await old.putBack();
  await gap;
  await acted;
  await bob.caughtUp();
  alice = await server.open("alice");
  const room = await alice.conversations.get(hers.id);
  await until(alice, async () => !(await names(room)).includes("bob@localhost"));
  expect(await names(room)).toEqual(["alice@localhost", "carol@localhost"]);
  expect(await removing).toMatchObject({ code: "removed" });
  await alice.close();
  await bob.close();
});

async function names(room: Conversation): Promise<readonly string[]> {
  return (await room.members()).map(({ address }) => address);
}
