/** A server that withholds or alters entries, and what its user is told. */
import { join } from "node:path";

import BetterSqlite3 from "better-sqlite3";
import { decodeEntry, encodeEntry, type ServerFrame } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Conversation } from "../../src/node.ts";
import { type LiedTo, openLiedTo } from "../world/lied-to.ts";
import { heard, joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let scene: LiedTo;

beforeAll(async () => {
  scene = await openLiedTo();
});

afterAll(() => scene[Symbol.asyncDispose]());

/** A room with Bob in it, and what he is told of it until he is out. */
async function openRoom() {
  const { alice, bob } = scene;
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  const theirs = await joinedBy(bob, room.id);
  await bob.caughtUp();
  const out = next(bob, "removed", (value) => value.room === room.id);
  return { room, theirs, out, missed: heard(bob, "gap") };
}

async function saysAndRemoves(room: Conversation, out: Promise<unknown>): Promise<void> {
  for (const text of ["never read", "behind it"]) await room.send(text);
  await room.remove(["bob@localhost"]);
  await out;
}

/** The next entry of the room is lost on the way to Bob. */
function losesNext(room: string): (frame: ServerFrame) => readonly ServerFrame[] {
  let swallowed = false;
  return (frame) => {
    if (frame.type !== "entry" || swallowed) return [frame];
    const { position, room: stream } = decodeEntry(frame.entry);
    if (stream !== room) return [frame];
    swallowed = true;
    return [{ type: "gap", stream, from: position, to: position, reason: "expired" }];
  };
}

test("R-019 a gap is told and reading goes on behind it; a lost commit is made up for by coming back", async () => {
  const { alice, bob, tellBob } = scene;
  for (const lost of ["message", "commit"] as const) {
    const room = await alice.conversations.create({ members: ["bob@localhost"] });
    await joinedBy(bob, room.id);
    await bob.caughtUp();
    const told = next(bob, "gap", ({ stream }) => stream === room.id);
    // Nothing but the gap tells him of it: nobody says anything after the commit.
    const back = next(bob, "joined", (value) => value.room === room.id);
    await tellBob(losesNext(room.id), async () => {
      if (lost === "message") await room.send("never read");
      else await room.add(["mallory@localhost"]);
      await told;
    });
    const theirs = await bob.conversations.get(room.id);
    if (lost === "commit") {
      await back;
      await alice.caughtUp();
    }
    await room.send("after the gap");
    await reads(bob, room.id, "after the gap");
    await theirs.send("here again");
    await reads(alice, room.id, "here again");
    await alice.caughtUp();
    expect((await theirs.info()).epochAuthenticator).toBe((await room.info()).epochAuthenticator);
  }
});

test("R-062 whose removal fell into a gap is told that it is out, though nothing more comes", async () => {
  const { room, theirs, out } = await openRoom();
  await scene.tellBob(losesNext(room.id), async () => {
    await room.remove(["bob@localhost"]);
    await out;
  });
  expect((await theirs.info()).status).toBe("removed");
  await expect(theirs.send("to whom?")).rejects.toMatchObject({ code: "removed" });
});

test("R-019 whoever is removed while an entry is withheld is told what it has not read", async () => {
  const { room, theirs, out, missed } = await openRoom();
  let withheld = 0;
  const withholds = (frame: ServerFrame): readonly ServerFrame[] => {
    if (frame.type !== "entry") return [frame];
    const { room: uri, position, kind } = decodeEntry(frame.entry);
    if (uri === room.id && kind === "application" && withheld === 0) withheld = position;
    return uri === room.id && position === withheld ? [] : [frame];
  };
  await scene.tellBob(withholds, () => saysAndRemoves(room, out));
  expect(await textsIn(theirs)).toEqual([]);
  const told = { stream: room.id, from: withheld, reason: "missed" };
  expect(missed).toEqual([expect.objectContaining(told)]);
  expect(missed[0]?.to).toBeGreaterThan(withheld);
});

test("R-019 whoever is lost at an altered entry, and is removed, is told what it has not read", async () => {
  const { room, theirs, out, missed } = await openRoom();
  let altered = 0;
  // As if the room went on with another group.
  const alters = (frame: ServerFrame): readonly ServerFrame[] => {
    if (frame.type !== "entry") return [frame];
    const entry = decodeEntry(frame.entry);
    if (entry.room !== room.id || entry.kind !== "application" || altered > 0) return [frame];
    altered = entry.position;
    const { generation } = entry;
    return [{ ...frame, entry: encodeEntry({ ...entry, generation: generation + 1 }) }];
  };
  await scene.tellBob(alters, () => saysAndRemoves(room, out));
  expect(await textsIn(theirs)).toEqual([]);
  const told = { stream: room.id, from: altered, to: altered + 2, reason: "missed" };
  expect(missed).toEqual([expect.objectContaining(told)]);
  // Once he is in again the server keeps nothing for him of what he passed over.
  const { bob } = scene;
  const again = next(bob, "joined", (value) => value.room === room.id);
  await room.add(["bob@localhost"]);
  await again;
  await expect.poll(() => readsOf(bob.me.client, room.id), { timeout: 8_000 }).toBe(1);
});

/** How many stretches of a room's log the server has for a client. */
function readsOf(client: string, room: string): number {
  const options = { readonly: true };
  const database = new BetterSqlite3(
    join(scene.server.directory, "data", "treehouse.sqlite"),
    options,
  );
  const rows = database
    .prepare(
      `SELECT 1 FROM queuing_subscriptions WHERE
         client = (SELECT id FROM queuing_streams WHERE name = ?) AND
         stream = (SELECT id FROM queuing_streams WHERE name = ?)`,
    )
    .all(client, room);
  database.close();
  return rows.length;
}
