import { decodeEntryHeader, Refusal, refusedFrame } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { password, startServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads, until } from "../world/waiting.ts";

test("FED-224 whose answer was lost, and who is out by then, is told that it was taken", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  let hides = false;
  let answers = true;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(frame) {
        if (!hides) return [frame];
        if (frame.type === "submitted") return answers ? [frame] : [];
        if (frame.type !== "entry") return [frame];
        // The message never comes back to its author; what takes the author out does.
        const { kind } = decodeEntryHeader(frame.entry);
        answers ||= kind === "commit";
        return kind === "application" ? [] : [frame];
      },
    },
    { password, register: {} },
  );
  await bob.caughtUp();
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  const his = await bob.conversations.get(room.id);
  hides = true;
  answers = false;
  const said = his.send("was it taken?");
  await reads(alice, room.id, "was it taken?");
  const removed = next(bob, "removed");
  await room.remove([bob.me.address]);
  expect((await removed).room).toBe(room.id);
  await expect(said).resolves.toMatchObject({ position: 2 });
});

test("upkeep that is refused is nobody's wish, and what waits for it goes out when it is taken", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  const bob = await server.register("bob");
  let isWatched = false;
  let isProposed = false;
  let refused = 0;
  const applied = Promise.withResolvers<void>();
  const refusal = new Refusal("notMember", "this client is not in the room");
  const carol = await openTampered(
    server,
    "carol",
    {
      frame(frame) {
        const isEntry = isWatched && frame.type === "entry";
        isProposed ||= isEntry && decodeEntryHeader(frame.entry).kind === "proposal";
        return [frame];
      },
      answer(frame) {
        // What is acknowledged was applied.
        if (isProposed && frame.type === "acknowledge") applied.resolve();
        if (!isWatched || frame.type !== "update" || refused === 2) return undefined;
        refused += 1;
        return refusedFrame(frame.requestId, refusal);
      },
    },
    { password, register: {} },
  );
  await carol.caughtUp();
  const [room] = await founded(alice, "room", [bob, carol]);
  if (room === undefined) throw new Error("no room");
  const hers = await carol.conversations.get(room.id);
  const faults = heard(carol, "fault");
  // A removal that is to be committed before anything is said, and nobody else is there to do it.
  await alice.close();
  isWatched = true;
  await (await bob.conversations.get(room.id)).leave();
  await applied.promise;
  await hers.send("after all");
  expect([refused, faults]).toEqual([2, []]);
});

test("who waits for a change whose echo never comes is told when the room is over", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  let hides = false;
  let own: number | undefined;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(frame) {
        if (!hides || frame.type !== "entry") return [frame];
        const { position } = decodeEntryHeader(frame.entry);
        own ??= position;
        return position === own ? [] : [frame];
      },
    },
    { password, register: {} },
  );
  await bob.caughtUp();
  const [room] = await founded(alice, "room", [bob]);
  if (room === undefined) throw new Error("no room");
  await room.setRole([bob.me.address], "admin");
  const his = await bob.conversations.get(room.id);
  const admins = async () => (await his.members()).filter(({ role }) => role === "admin");
  await until(bob, async () => (await admins()).length === 1);
  hides = true;
  const renamed = his.rename("another").catch((error: unknown) => error);
  await until(alice, async () => (await room.info()).name === "another");
  await room.remove([bob.me.address]);
  expect(await renamed).toMatchObject({ code: "notMember" });
});
