import type { RoomUri, ServerFrame, SignedHead } from "@treehouse/protocol";
import { decodeEntryHeader } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { keepData } from "../world/old-data.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, next, reads } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

/** What stands in the way of the next entry of a room. */
type Insertion = (room: RoomUri, position: number) => readonly ServerFrame[];

/** Bob behind a server that can put frames before an entry; and alice, and a room of both. */
async function roomOfTwo() {
  const alice = await server.register("alice");
  let insertion: Insertion | undefined;
  const heads: SignedHead[] = [];
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (one.type === "head") heads.push(one.head);
    if (one.type !== "entry" || insertion === undefined) return [one];
    const { room, position } = decodeEntryHeader(one.entry);
    const before = insertion(room, position);
    insertion = undefined;
    return [...before, one];
  };
  const bob = await openTampered(server, "bob", { frame }, { password, register: {} });
  await bob.caughtUp();
  const hers = await alice.conversations.create({ name: "Tea", members: ["bob@localhost"] });
  const his = await joinedBy(bob, hers.id);
  const insert = (frames: Insertion) => {
    insertion = frames;
  };
  return { alice, bob, hers, his, heads, insert };
}

const gap = (stream: RoomUri, from: number, to: number): ServerFrame => ({
  type: "gap",
  stream,
  from,
  to,
  reason: "restored",
});

test("T-20 a restore that the room's hub has not signed is told, and takes nothing back", async () => {
  const { alice, bob, hers, his, insert } = await roomOfTwo();
  await hers.send("one");
  await reads(bob, hers.id, "one");
  const { epoch } = await his.info();
  const forged = (room: RoomUri, position: number): SignedHead => ({
    head: {
      room,
      generation: 0,
      term: 9_999,
      position: position - 1,
      hash: new Uint8Array(32),
      epoch: 0,
      treeHash: new Uint8Array(32),
    },
    signature: new Uint8Array(64).fill(7),
  });
  const claims: readonly Insertion[] = [
    (room, position) => [gap(room, 1, position - 1)],
    (room, position) => [
      { type: "head", head: forged(room, position) },
      gap(room, 1, position - 1),
    ],
  ];
  for (const [index, claim] of claims.entries()) {
    // The position before is passed over, so that the gap is one.
    insert((room, position) => claim(room, position + 1));
    const told = next(bob, "fault", ({ code }) => code === "restoreUnproven");
    await hers.send(`claimed ${index}`);
    await told;
    await hers.send(`after ${index}`);
    await reads(bob, hers.id, `after ${index}`);
    expect((await his.info()).epoch).toBe(epoch);
  }
  await his.send("still a member of the same group");
  await reads(alice, hers.id, "still a member of the same group");
});

test("T-20 what a hub signed for one restore is no leave for another", async () => {
  const { alice, bob, hers, his, heads, insert } = await roomOfTwo();
  const old = await keepData(server);
  await hers.send("one");
  await reads(bob, hers.id, "one");
  const restored = next(bob, "fault", ({ code }) => code === "restored");
  await old.putBack();
  await restored;
  const [genuine] = heads;
  if (genuine === undefined) throw new Error("the server has shown no head");
  // Bob goes on: a commit brings the group into another epoch.
  await server.register("carol");
  await hers.add(["carol@localhost"]);
  await hers.send("two");
  await reads(bob, hers.id, "two");
  const { epoch } = await his.info();
  insert((room, position) => [{ type: "head", head: genuine }, gap(room, 1, position)]);
  const told = next(bob, "fault", ({ code }) => code === "restoreUnproven");
  await hers.send("passed over");
  await told;
  await hers.send("three");
  await reads(bob, hers.id, "three");
  expect((await his.info()).epoch).toBe(epoch);
  await his.send("four");
  await reads(alice, hers.id, "four");
});

test("T-20 a hub that goes back again and again is not followed more than three times a day", async () => {
  const { alice, bob, hers } = await roomOfTwo();
  await bob.close();
  const old = await keepData(server);
  // Each life is longer than what it goes back to, so that alice's group is ahead.
  for (let life = 1; life <= 3; life += 1) {
    await hers.remove(["bob@localhost"]);
    const back = next(alice, "joined");
    await old.putBack();
    await back;
  }
  await hers.remove(["bob@localhost"]);
  const { epoch } = await hers.info();
  const told = next(alice, "fault", ({ code }) => code === "restoredTooOften");
  await old.putBack();
  await told;
  await alice.caughtUp();
  expect((await hers.info()).epoch).toBe(epoch);
  const faults = (await hers.history()).filter(({ kind }) => kind === "fault");
  expect(faults).toHaveLength(3);
});
