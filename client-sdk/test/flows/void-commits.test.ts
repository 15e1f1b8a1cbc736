import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, FaultCode } from "../../src/node.ts";
import { openPoisoned, type Poisoned } from "../world/poisoned.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { agreed, founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let mallory: Poisoned;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  await (await server.register("mallory")).close();
  mallory = await openPoisoned(server, "mallory");
  await mallory.client.caughtUp();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Mallory owns it. */
async function newRoom(): Promise<readonly [Conversation, Conversation, Conversation]> {
  const [theirs, ours, bobs] = await founded(mallory.client, "a room", [alice, bob]);
  if (ours === undefined || bobs === undefined || theirs === undefined) throw new Error("no room");
  await ours.send("before");
  await Promise.all([alice, bob, mallory.client].map((one) => one.caughtUp()));
  return [ours, bobs, theirs];
}

async function agree(
  ours: Conversation,
  theirs: Conversation,
  ...bobs: readonly Conversation[]
): Promise<void> {
  const infos = await agreed([
    [alice, ours],
    [mallory.client, theirs],
    ...bobs.map((one) => [bob, one] as const),
  ]);
  expect(infos.map(({ health }) => health.state)).toEqual(infos.map(() => "ok"));
}

function faultOf(client: Client, room: string, code: FaultCode) {
  return next(client, "fault", (fault) => fault.code === code && fault.room === room);
}

/** Alice and Bob go on, Mallory comes back by itself. */
async function goesOn(ours: Conversation, bobs: Conversation, theirs: Conversation): Promise<void> {
  await ours.send("after");
  await reads(bob, ours.id, "after");
  await bobs.send("and back");
  await reads(alice, ours.id, "and back");
  await theirs.send("here again");
  await reads(alice, ours.id, "here again");
  await reads(bob, ours.id, "here again");
  await agree(ours, theirs, bobs);
}

test("T-16 T-17 FED-1103 FED-1105 a member's commit that nobody can apply is void, and all go on", async () => {
  for (const poison of ["confirmationTag", "pathSecrets"] as const) {
    const [ours, bobs, theirs] = await newRoom();
    const states = heard(mallory.client, "health");
    const asked = heard(alice, "health");
    const told = [alice, bob].map((one) => heard(one, "fault"));
    const voided = [alice, bob, mallory.client].map((one) => faultOf(one, ours.id, "commitVoid"));
    const back = next(mallory.client, "joined", (value) => value.room === ours.id);
    mallory.poison = poison;
    await theirs.setHistoryDays(7);
    await theirs.send("to whom?");
    await Promise.all(voided);
    // A return that was made before this is void too, and the next one is not.
    mallory.poison = undefined;
    await back;
    await goesOn(ours, bobs, theirs);
    // Nothing of the void commit is left, and what was said in its epoch is sent once more.
    await reads(bob, ours.id, "to whom?");
    expect(await ours.historyDays()).toBe(0);
    expect(await textsIn(bobs)).toEqual(expect.arrayContaining(["before", "to whom?", "after"]));
    expect(asked.map(({ state }) => state)).toContain("checking");
    expect(states.map(({ state }) => state)).toContain("suspended");
    // The record of what was done is one again, without what was taken back (FED-1148).
    await theirs.rename("once more");
    for (const [one, seat] of [
      [alice, ours],
      [bob, bobs],
    ] as const) {
      await until(one, async () => (await seat.info()).name === "once more");
    }
    expect(told.flat().map(({ code }) => code)).not.toContain("auditMismatch");
  }
});

test("T-17 FED-1104 FED-1106 a GroupInfo with a garbage external_pub keeps nobody out", async () => {
  const [ours, bobs, theirs] = await newRoom();
  mallory.poison = "externalPub";
  await theirs.setHistoryDays(7);
  await Promise.all([alice, bob].map((one) => one.caughtUp()));
  const voided = faultOf(alice, ours.id, "commitVoid");
  const undone = faultOf(bob, ours.id, "commitVoid");
  await bobs.rejoin();
  await Promise.all([voided, undone]);
  mallory.poison = undefined;
  await until(bob, async () => (await bobs.info()).health.state === "ok");
  await goesOn(ours, bobs, theirs);
  // The commit that came with it was as good as any.
  expect(await ours.historyDays()).toBe(7);
});

test("T-17 FED-1107 in a room of two, who is left behind comes back, and nothing is void", async () => {
  const [theirs, ours] = await founded(mallory.client, "two", [alice]);
  if (ours === undefined || theirs === undefined) throw new Error("no room");
  const back = next(alice, "joined", (value) => value.room === ours.id);
  mallory.poison = "pathSecrets";
  await theirs.setHistoryDays(7);
  await back;
  mallory.poison = undefined;
  await ours.send("still here");
  await reads(mallory.client, ours.id, "still here");
  expect(await ours.historyDays()).toBe(7);
  await agree(ours, theirs);
});

test("FED-1105 whoever makes such commits again and again waits longer, and hurts nobody meanwhile", async () => {
  const [ours, bobs, theirs] = await newRoom();
  const suspended = next(
    mallory.client,
    "health",
    ({ room, state, until: at = 0 }) =>
      room === ours.id && state === "suspended" && at > Date.now() + 15 * 60_000,
  );
  for (const ends of ["joined", "suspended"] as const) {
    const voided = [alice, bob].map((one) => faultOf(one, ours.id, "commitVoid"));
    const back = next(mallory.client, "joined", ({ room }) => room === ours.id);
    mallory.poison = "confirmationTag";
    await theirs.setHistoryDays(ends === "joined" ? 7 : 8);
    await Promise.all(voided);
    mallory.poison = undefined;
    await (ends === "joined" ? back : suspended);
    // Nobody's update is on its way any more that Mallory could not apply.
    if (ends === "joined") await agree(ours, theirs, bobs);
  }
  await ours.send("after");
  await reads(bob, ours.id, "after");
  expect((await theirs.info()).health.state).toBe("suspended");
});

test("FED-1101 FED-1102 two members who say of every commit that it is garbage take nothing back", async () => {
  const deaf: Poisoned[] = [];
  for (const name of ["carol", "dave"]) {
    await (await server.register(name)).close();
    deaf.push(await openPoisoned(server, name));
  }
  const [carol, dave] = deaf;
  if (carol === undefined || dave === undefined) throw new Error("nobody is there");
  await Promise.all(deaf.map(({ client }) => client.caughtUp()));
  const everybody = [alice, bob, carol.client, dave.client];
  const [ours, bobs, ...theirs] = await founded(alice, "doubters", everybody.slice(1));
  if (ours === undefined || bobs === undefined) throw new Error("no room");
  await Promise.all(everybody.map((one) => one.caughtUp()));
  const voids = everybody.map((one) => heard(one, "fault"));
  for (const doubting of [[carol], [carol, dave]]) {
    const back = doubting.map(({ client }) =>
      next(client, "joined", ({ room }) => room === ours.id),
    );
    for (const one of doubting) one.poison = "deaf";
    const days = doubting.length;
    await ours.setHistoryDays(days);
    await Promise.all(
      doubting.map((one) => until(one.client, async () => (await stateOf(one, ours)) !== "ok")),
    );
    for (const one of doubting) one.poison = undefined;
    await Promise.all(back);
    expect(await bobs.historyDays()).toBe(days);
  }
  await bobs.send("as it was decided");
  for (const one of everybody) await reads(one, ours.id, "as it was decided");
  const codes = voids.flat().map(({ code }) => code);
  expect(codes).toContain("commitInvalid");
  expect(codes).not.toContain("commitVoid");
  expect(theirs).toHaveLength(2);
});

async function stateOf({ client }: Poisoned, { id }: Conversation): Promise<string> {
  return (await (await client.conversations.get(id)).info()).health.state;
}

test("T-16 FED-1103 who is removed behind a commit that they could not apply is in again by its void", async () => {
  // Somebody who is never there to judge: the others are waited for.
  await (await server.register("frank")).close();
  let erin = await server.register("erin");
  const [theirs, ours, erins] = await founded(mallory.client, "room", [alice, erin, bob]);
  if (ours === undefined || erins === undefined || theirs === undefined) throw new Error("no room");
  await theirs.add(["frank@localhost"]);
  await Promise.all([alice, bob, erin].map((one) => one.caughtUp()));
  await agreed([
    [alice, ours],
    [erin, erins],
  ]);
  await erin.close();
  const voided = faultOf(alice, ours.id, "commitVoid");
  mallory.poison = "confirmationTag";
  await theirs.setHistoryDays(7);
  mallory.poison = undefined;
  await theirs.remove([erin.me.address]);
  erin = await server.open("erin");
  await voided;
  await joinedBy(erin, ours.id);
  await ours.send("all of us");
  await reads(erin, ours.id, "all of us");
  await erin.caughtUp();
  expect((await (await erin.conversations.get(ours.id)).info()).health).toEqual({ state: "ok" });
});
