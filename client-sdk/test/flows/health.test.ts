import { decodeEntry, NetworkFault, type ServerFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { startServer } from "../world/server.ts";
import { openTampered, type TamperedFetch } from "../world/tampered.ts";
import { founded, next, reads } from "../world/waiting.ts";

test("R-019 who hears that there is more than has come, or comes in anew, says so until it is over", async () => {
  await using server = await startServer();
  await using alice = await server.register("alice");
  await (await server.register("bob")).close();
  const kept: ServerFrame[] = [];
  let isHeld = false;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    const isCommit = one.type === "entry" && decodeEntry(one.entry).kind === "commit";
    if (!isHeld || !(isCommit || kept.length > 0)) return [one];
    if (one.type !== "entry") return [one];
    kept.push(one);
    return [];
  };
  let isCut = false;
  const fetch: TamperedFetch = (request, ask) => {
    const isOffer = request.url.endsWith("/group-info");
    return isCut && isOffer ? Promise.reject(new NetworkFault("broken", "cut")) : ask(request);
  };
  await using bob = await openTampered(server, "bob", { frame, fetch });
  await bob.caughtUp();
  const [room, theirs] = await founded(alice, "tea", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is there");
  await room.setRole([bob.me.address], "admin");
  await bob.caughtUp();
  isHeld = true;
  await room.rename("supper");
  // The hub refuses what is built upon the epoch before.
  const behind = next(bob, "health", ({ state }) => state === "catchingUp");
  const renamed = theirs.setAbout({ topic: "bread" });
  expect(await behind).toMatchObject({ room: room.id });
  const line = (await bob.diagnose()).find(({ conversation }) => conversation === room.id);
  expect(line).toMatchObject({ result: "ok", text: "Some of what was said is still to come." });
  const well = next(bob, "health", ({ state }) => state === "ok");
  isHeld = false;
  await room.send("and tea");
  await reads(bob, room.id, "and tea");
  await renamed;
  await well;
  expect(await theirs.info()).toMatchObject({ name: "supper", topic: "bread" });

  isCut = true;
  const coming = next(bob, "health", ({ state }) => state === "rejoining");
  const back = theirs.rejoin();
  expect(await coming).toMatchObject({ room: room.id });
  const lines = await bob.diagnose();
  expect(lines).toContainEqual(
    expect.objectContaining({ conversation: room.id, text: expect.stringMatching(/new keys/) }),
  );
  isCut = false;
  await back;
  expect((await theirs.info()).health).toEqual({ state: "ok" });
});
