import { decodeEntry, decodeEntryHeader, encodeEntry, type ServerFrame } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;
const clients: Client[] = [];

beforeEach(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server[Symbol.asyncDispose]();
});

test("R-019 what was taken behind a member's return, in an epoch before it, is said to it once more", async () => {
  let losesCommit = false;
  const bob = await openTampered(
    server,
    "bob",
    {
      frame(frame) {
        if (!losesCommit || frame.type !== "entry") return [frame];
        const { kind, room: stream, position } = decodeEntryHeader(frame.entry);
        if (kind !== "commit") return [frame];
        losesCommit = false;
        return [{ type: "gap", stream, from: position, to: position, reason: "expired" }];
      },
    },
    { password, register: {} },
  );
  let held: ServerFrame[] | undefined;
  const alice = await openTampered(
    server,
    "alice",
    {
      frame(frame) {
        if (held === undefined) return [frame];
        if (frame.type === "entry") {
          held.push(frame);
          return [];
        }
        if (frame.type !== "submitted") return [frame];
        const all = [frame, ...held];
        held = undefined;
        return all;
      },
    },
    { password, register: {} },
  );
  const carol = await server.register("carol");
  clients.push(alice, bob, carol);
  for (const client of [alice, bob]) await client.caughtUp();
  const hers = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  await joinedBy(bob, hers.id);
  losesCommit = true;
  await hers.add(["carol@localhost"]);
  const carols = await joinedBy(carol, hers.id);
  // Alice hears nothing more until her next message was taken: not even that bob comes back.
  held = [];
  const back = next(bob, "joined");
  await carols.send("bob cannot read this");
  await back;
  await hers.send("in the epoch before");
  await reads(bob, hers.id, "in the epoch before");
  await reads(carol, hers.id, "in the epoch before");
  await alice.caughtUp();
  expect(await textsIn(hers)).toEqual(["bob cannot read this", "in the epoch before"]);
  expect(await textsIn(carols)).toEqual(["bob cannot read this", "in the epoch before"]);
});

test.each(["a gap", "a return"])(
  "R-019 what was taken and whose echo fell into %s stands in the sender's history",
  async (way) => {
    const isReturn = way === "a return";
    let held: ServerFrame[] | undefined;
    const frame = (one: ServerFrame): readonly ServerFrame[] => {
      if (held === undefined || one.type !== "entry") return [one];
      held.push(one);
      // Before the one that shows it: a commit that cannot be used, or nothing; and the echo.
      if (held.length < (isReturn ? 3 : 2)) return [];
      const [first, ...others] = held;
      held = undefined;
      return first === undefined ? [] : [isReturn ? spoilt(first) : lost(first), ...others];
    };
    const alice = await server.register("alice");
    const bob = await openTampered(server, "bob", { frame }, { password, register: {} });
    const carol = await server.register("carol");
    clients.push(alice, bob, carol);
    await bob.caughtUp();
    const hers = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
    const his = await joinedBy(bob, hers.id);
    await bob.caughtUp();
    held = [];
    if (isReturn) await hers.add(["carol@localhost"]);
    await his.send("taken");
    const back = isReturn ? next(bob, "joined") : undefined;
    await hers.send("behind it");
    await back;
    await alice.caughtUp();
    await hers.send("and after");
    await reads(bob, hers.id, "and after");
    expect(await textsIn(his)).toContain("taken");
  },
);

function lost(frame: ServerFrame): ServerFrame {
  if (frame.type !== "entry") throw new Error("another frame");
  const { room: stream, position } = decodeEntry(frame.entry);
  return { type: "gap", stream, from: position, to: position, reason: "expired" };
}

function spoilt(frame: ServerFrame): ServerFrame {
  const entry = frame.type === "entry" ? decodeEntry(frame.entry) : undefined;
  if (entry?.kind !== "commit") throw new Error("another frame");
  const commit = new Uint8Array(entry.commit).fill(0xff, entry.commit.length - 40);
  return { type: "entry", entry: encodeEntry({ ...entry, commit }) };
}
