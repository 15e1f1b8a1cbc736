import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let carol: Client;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example", "c.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  carol = await servers.at(2).register("carol");
  await befriend(alice, bob);
  await befriend(alice, carol);
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await servers[Symbol.asyncDispose]();
});

test("R-078 FED-1144 FED-1148 FED-1149 members of three servers have one record of who did what and why", async () => {
  const [room, bobs] = await founded(alice, "Board", [bob]);
  if (room === undefined || bobs === undefined) throw new Error("nobody is there");
  const told = next(bob, "acted", ({ acts }) => acts.some(({ kind }) => kind === "add"));
  await room.add([carol.me.address], { reason: "she asked" });
  const carols = await joinedBy(carol, room.id);
  expect(await told).toEqual({
    room: room.id,
    number: 2,
    by: alice.me.user,
    address: alice.me.address,
    acts: [{ kind: "add", address: carol.me.address }],
    reason: "she asked",
  });
  await room.setAbout({ topic: "money" }, { reason: "as agreed" });
  await room.setMessageLifetime(3_600_000);
  await Promise.all([alice, bob, carol].map((client) => client.caughtUp()));
  const page = await room.audit();
  expect(
    page.items.map(({ number, acts, reason, signed, address }) => [
      number,
      acts,
      reason,
      signed,
      address,
    ]),
  ).toEqual([
    [1, [{ kind: "add", address: bob.me.address }], "", true, alice.me.address],
    [2, [{ kind: "add", address: carol.me.address }], "she asked", true, alice.me.address],
    [3, [{ kind: "state", part: "about", fields: ["topic"] }], "as agreed", true, alice.me.address],
    [4, [{ kind: "state", part: "messageLifetime" }], "", true, alice.me.address],
  ]);
  expect(page).toMatchObject({ number: 4, isCurrent: true, knownFrom: 1 });
  expect((await room.audit({ before: 3, limit: 1 })).items.map(({ number }) => number)).toEqual([
    2,
  ]);
  // Members may not read it, and have the same all the same.
  await expect(bobs.audit()).rejects.toMatchObject({ code: "notAllowed" });
  for (const [client, theirs] of [
    [bob, bobs],
    [carol, carols],
  ] as const) {
    await until(client, async () => (await theirs.info()).audit.number === 4);
    // Carol was added by the second act, and knows that she has not seen what was before.
    const knownFrom = client === bob ? 2 : 3;
    const whole = { number: 4, hash: page.hash, isCurrent: true };
    expect((await theirs.info()).audit).toEqual({ ...whole, knownFrom });
  }

  // Who comes later is given the record by a member, and takes nothing that does not hold.
  const exported = await room.exportAudit();
  const faults = heard(carol, "fault");
  for (let at = 40; at < exported.length; at += Math.floor(exported.length / 9)) {
    const forged = exported.map((octet, index) => (index === at ? octet ^ 1 : octet));
    await expect(carols.importAudit(forged)).rejects.toMatchObject({
      code: expect.stringMatching(/invalidMessage|malformed|identityInvalid/),
    });
  }
  expect(await carols.importAudit(exported)).toEqual({ added: 2 });
  expect(await carols.importAudit(exported)).toEqual({ added: 0 });
  expect((await carols.info()).audit.knownFrom).toBe(1);
  await expect(bobs.exportAudit()).rejects.toMatchObject({ code: "notAllowed" });
  expect(faults).toEqual([]);

  // Whom it is about is told why, and everybody that they went.
  const out = next(carol, "removed");
  await room.remove([carol.me.address], { reason: "moved on" });
  await out;
  const items = await carols.history();
  expect(items.at(-1)).toMatchObject({ kind: "membership", reason: "moved on" });
  expect((await room.audit()).items.at(-1)).toMatchObject({
    number: 5,
    acts: [{ kind: "remove", address: carol.me.address }],
    reason: "moved on",
    signed: true,
  });
  await expect(room.add([carol.me.address], { reason: "r".repeat(513) })).rejects.toMatchObject({
    data: { limitName: "actReasonBytesMax" },
  });
});

test("R-078 FED-1148 a member who has another record is told of, and the others go on with theirs", async () => {
  const [room, bobs] = await founded(alice, "Astray", [bob]);
  if (room === undefined || bobs === undefined) throw new Error("nobody is there");
  await alice.close();
  const database = new Database(servers.at(0).path("alice"));
  database.prepare("UPDATE audit_heads SET hash = zeroblob(32) WHERE room = ?").run(room.id);
  database.close();
  alice = await servers.at(0).open("alice");
  await alice.caughtUp();
  const fault = next(bob, "fault");
  const told = next(bob, "acted");
  await (await alice.conversations.get(room.id)).rename("Further astray");
  expect(await fault).toMatchObject({ code: "auditMismatch", room: room.id });
  // What was done is signed for itself, and so stands in bob's record at its place.
  expect(await told).toMatchObject({
    number: 2,
    acts: [{ kind: "state", part: "about", fields: ["name"] }],
  });
  expect((await bobs.info()).audit).toMatchObject({ number: 2, isCurrent: true });
});
