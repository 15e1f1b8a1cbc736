import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, FaultCode } from "../../src/node.ts";
import { openPoisoned, type Poisoned } from "../world/poisoned.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, heard, next, reads, textsIn, until } from "../world/waiting.ts";

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
async function room(): Promise<readonly [Conversation, Conversation, Conversation]> {
  const [theirs, ours, bobs] = await founded(mallory.client, "a room", [alice, bob]);
  if (ours === undefined || bobs === undefined || theirs === undefined) throw new Error("no room");
  await ours.send("before");
  await Promise.all([alice, bob, mallory.client].map((one) => one.caughtUp()));
  return [ours, bobs, theirs];
}

async function agree(...rooms: readonly Conversation[]): Promise<void> {
  await Promise.all([alice, bob, mallory.client].map((one) => one.caughtUp()));
  const infos = await Promise.all(rooms.map((one) => one.info()));
  expect(new Set(infos.map(({ epochAuthenticator }) => epochAuthenticator)).size).toBe(1);
  expect(infos.map(({ health }) => health.state)).toEqual(rooms.map(() => "ok"));
}

function faultOf(client: Client, room: string, code: FaultCode) {
  return next(client, "fault", (fault) => fault.code === code && fault.room === room);
}

/** Alice and Bob go on, Mallory comes back by itself. */
async function goesOn(
  ours: Conversation,
  bobs: Conversation,
  theirs: Conversation,
): Promise<void> {
  await ours.send("after");
  await reads(bob, ours.id, "after");
  await bobs.send("and back");
  await reads(alice, ours.id, "and back");
  await theirs.send("here again");
  await reads(alice, ours.id, "here again");
  await reads(bob, ours.id, "here again");
  await agree(ours, bobs, theirs);
}

test.each(["confirmationTag", "pathSecrets"] as const)(
  "T-16 T-17 FED-1103 FED-1105 a member's commit with a garbage %s is void, and all go on by themselves",
  async (poison) => {
    const [ours, bobs, theirs] = await room();
    const states = heard(mallory.client, "health");
    const voided = [alice, bob, mallory.client].map((one) => faultOf(one, ours.id, "commitVoid"));
    const back = next(mallory.client, "joined", (value) => value.room === ours.id);
    mallory.poison = poison;
    await theirs.setHistoryDays(7);
    await theirs.send("to whom?");
    await Promise.all(voided);
    mallory.poison = undefined;
    await back;
    await goesOn(ours, bobs, theirs);
    // Nothing of the void commit is left, and what was said in its epoch was sent once more.
    expect(await ours.historyDays()).toBe(0);
    expect(await textsIn(bobs)).toEqual(expect.arrayContaining(["before", "to whom?", "after"]));
    expect(states.map(({ state }) => state)).toContain("rejoining");
  },
);

test("T-17 FED-1104 FED-1106 who comes by a GroupInfo with a garbage external_pub gets in all the same", async () => {
  const [ours, bobs, theirs] = await room();
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

test("T-17 FED-1107 in a room of two, whom a commit leaves behind comes back by itself, and nothing is void", async () => {
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
  const [ours, bobs, theirs] = await room();
  for (const days of [7, 8]) {
    const voided = [alice, bob].map((one) => faultOf(one, ours.id, "commitVoid"));
    const back = next(mallory.client, "joined", (value) => value.room === ours.id);
    const suspended = next(
      mallory.client,
      "health",
      ({ room: at, state }) => at === ours.id && state === "suspended",
    );
    mallory.poison = "confirmationTag";
    await theirs.setHistoryDays(days);
    await Promise.all(voided);
    mallory.poison = undefined;
    if (days === 7) await back;
    else expect((await suspended).until).toBeGreaterThan(Date.now() + 15 * 60_000);
  }
  await ours.send("after");
  await reads(bob, ours.id, "after");
  await bobs.remove(["mallory@localhost"]).catch(() => undefined);
  expect((await theirs.info()).health.state).toBe("suspended");
});
