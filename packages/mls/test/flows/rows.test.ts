import { beforeAll, describe, expect, test } from "vitest";

import type { GroupChanges } from "../../src/member/index.ts";
import { loadGroup } from "../../src/member/index.ts";
import { checkRows } from "../fuzz/agreement.ts";
import { createWorld } from "../world/people.ts";
import type { Member, Room } from "../world/room.ts";
import { accept, foundRoom, invite, newcomer, none, persist } from "../world/room.ts";
import { applyRows, octetsOf } from "../world/rows.ts";
import { trio } from "../world/trio.ts";

/** What the changes of one step of `member` come to; they are kept as a client would. */
function take(member: Member): { octets: number; rows: number; changes: GroupChanges } {
  const changes = member.group.takeChanges();
  applyRows(member.rows, changes);
  return { octets: octetsOf(changes), rows: changes.put.size, changes };
}

describe("in a group of 100", () => {
  let room: Room;
  let alice: Member;
  let bob: Member;
  let whole: number;

  beforeAll(async () => {
    const world = createWorld(41);
    room = await foundRoom(world, world.user("alice"));
    const [founder] = room.members;
    if (founder === undefined) throw new Error("Nobody is there.");
    alice = founder;
    const others = Array.from({ length: 99 }, (_, index) => newcomer(world, `member${index}`));
    const invitation = await invite(room, alice, others);
    const last = others.at(-1);
    if (last === undefined) throw new Error("Nobody else is there.");
    bob = await accept(room, last, invitation);
    room.members.push(bob);
    whole = octetsOf({ put: alice.rows, delete: [] });
  });

  test("the rows of a message do not grow with the group", async () => {
    const first = await alice.group.encrypt(none, none);
    take(alice);
    await bob.group.decrypt(first);
    // The sender's place in the secret tree is opened once: its secrets on the way down.
    const opening = take(bob);
    expect(opening.octets).toBeLessThan(1000);
    for (let count = 0; count < 5; count++) {
      const message = await alice.group.encrypt(none, none);
      const sent = take(alice);
      await bob.group.decrypt(message);
      const received = take(bob);
      expect([sent.rows, received.rows]).toEqual([1, 1]);
      expect(Math.max(sent.octets, received.octets)).toBeLessThan(150);
    }
    checkRows(alice);
    checkRows(bob);
  });

  test("the rows of a commit are those of its path", async () => {
    const prepared = await alice.group.prepareCommit({}, none);
    const pending = take(alice);
    expect([...pending.changes.put.keys()]).toEqual(["prepared"]);
    expect(pending.octets).toBeLessThan(whole / 4);
    const checked = await room.hub.checkCommit({ ...prepared, at: room.world.context.now() });
    // The leaf and the seven nodes above it.
    expect(checked.changes.nodes).toHaveLength(8);
    await alice.group.adopt(prepared);
    const adopted = take(alice);
    await bob.group.processCommit(prepared.commit, { acceptedAt: room.world.context.now() });
    const processed = take(bob);
    for (const { changes, octets } of [adopted, processed]) {
      const nodes = [...changes.put.keys()].filter((name) => name.startsWith("node/"));
      expect(nodes).toHaveLength(8);
      expect(octets).toBeLessThan(whole / 10);
    }
    checkRows(alice);
    checkRows(bob);
  });
});

test("rows that are missing or damaged are refused", async () => {
  const { room, alice } = await trio(42);
  const { context } = room.world;
  for (const name of ["head", "context", "secrets", "keys", "node/0"]) {
    const rows = new Map(alice.rows);
    rows.delete(name);
    const loaded = loadGroup(context, alice.identity, rows);
    await expect(loaded).rejects.toMatchObject({ code: "malformed" });
    rows.set(name, new Uint8Array([255]));
    const damaged = loadGroup(context, alice.identity, rows);
    await expect(damaged).rejects.toMatchObject({ code: "malformed" });
  }
});

test("the rows of a group hold no signature key", async () => {
  const { alice } = await trio(43);
  await alice.group.prepareCommit({}, none);
  persist(alice);
  const key = Buffer.from(alice.identity.signaturePrivateKey).toString("hex");
  const rows = [...alice.rows.values()].map((value) => Buffer.from(value).toString("hex"));
  expect(rows.some((row) => row.includes(key))).toBe(false);
  const publicKey = Buffer.from(alice.identity.signaturePublicKey).toString("hex");
  expect(rows.some((row) => row.includes(publicKey))).toBe(true);
});

test("another client cannot load the group", async () => {
  const { room, alice, bob } = await trio(44);
  const loaded = loadGroup(room.world.context, bob.identity, alice.rows);
  await expect(loaded).rejects.toMatchObject({ code: "clientMismatch" });
});
