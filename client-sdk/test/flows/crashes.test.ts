import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { type Death, type Mortal, openMortal } from "../world/mortal.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { heard, textsIn } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const deaths: readonly Death[] = Array.from({ length: 40 }, (_, index) => index + 1).flatMap((at) =>
  full
    ? [{ at, when: "before" } as const, { at, when: "after" } as const]
    : at % 5 !== 1
      ? []
      : [{ at, when: at % 2 === 1 ? "before" : "after" } as const],
);

/** A server limits how many rooms a user founds in an hour, so many deaths need more people. */
const deathsPerActor = 20;

let server: TestServer;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  await (await server.register("carol")).close();
  bob = await server.register("bob");
});

afterAll(async () => {
  await bob.close();
  await server[Symbol.asyncDispose]();
});

/** The user who acts in this round; registered when a new one is needed. */
async function actorOf(kind: string, round: number): Promise<string> {
  const name = `${kind}-${Math.floor(round / deathsPerActor)}`;
  if (round % deathsPerActor === 0) await (await server.register(name)).close();
  return name;
}

/** Does what is not done yet; called again after a crash, it goes on where the store stands. */
async function act(alice: Client, name: string): Promise<void> {
  const room = await roomNamed(alice, name);
  await sendOnce(room, `${name} one`);
  await room.add(["carol@localhost"]);
  await sendOnce(room, `${name} two`);
  await room.remove(["carol@localhost"]);
  await sendOnce(room, `${name} three`);
}

async function roomNamed(client: Client, name: string): Promise<Conversation> {
  const known = (await client.conversations.list()).find((one) => one.name === name);
  if (known !== undefined) return client.conversations.get(known.id);
  return client.conversations.create({ name, members: ["bob@localhost"] });
}

async function sendOnce(room: Conversation, text: string): Promise<void> {
  if (!(await textsIn(room)).includes(text)) await room.send(text);
}

/** Until no wish is open: each turn asks the server, so that nothing waits by the clock. */
async function settle(one: Mortal): Promise<void> {
  await one.client.caughtUp();
  while ((await one.intents()) > 0) await one.client.caughtUp();
}

async function expectAgreement(one: Client, other: Client, name: string): Promise<void> {
  await one.caughtUp();
  await other.caughtUp();
  const [mine, theirs] = [await roomNamed(one, name), await roomNamed(other, name)];
  const [here, there] = [await mine.info(), await theirs.info()];
  expect(there.epoch).toBe(here.epoch);
  expect(there.epochAuthenticator).toBe(here.epochAuthenticator);
  const texts = ["one", "two", "three"].map((text) => `${name} ${text}`);
  expect(await textsIn(mine)).toEqual(texts);
  expect(await textsIn(theirs)).toEqual(texts);
  const kinds = [...(await mine.history()), ...(await theirs.history())].map(({ kind }) => kind);
  expect(kinds).not.toContain("fault");
}

test("R-057 T-14 whoever acts may die at any transaction: nothing is lost, twice or out of order", async () => {
  let died = 0;
  const orders = heard(bob, "senderOrder");
  for (const [round, death] of deaths.entries()) {
    const name = `act ${death.at} ${death.when}`;
    const actor = await actorOf("actor", round);
    const doomed = await openMortal(server, actor);
    await settle(doomed);
    doomed.arm(death);
    await Promise.race([act(doomed.client, name).catch(() => undefined), doomed.died]);
    if (doomed.dead()) died += 1;
    else await doomed.client.close();
    const alice = await openMortal(server, actor);
    await settle(alice);
    await act(alice.client, name);
    await expectAgreement(alice.client, bob, name);
    await alice.client.close();
  }
  // The last ones may lie behind the end: how often the hub pushes two entries at once varies.
  expect(died).toBeGreaterThan(deaths.length / 2);
  expect(orders).toEqual([]);
}, 240_000);

test("R-057 whoever reads may die at any transaction: every message comes once, in order", async () => {
  let died = 0;
  for (const [round, death] of deaths.entries()) {
    const name = `read ${death.at} ${death.when}`;
    const alice = await server.open(await actorOf("writer", round));
    await bob.close();
    const doomed = await openMortal(server, "bob");
    await settle(doomed);
    doomed.arm(death);
    const acting = act(alice, name);
    await Promise.race([
      acting.then(() => doomed.client.caughtUp().catch(() => undefined)),
      doomed.died,
    ]);
    if (doomed.dead()) died += 1;
    else await doomed.client.close();
    await acting;
    bob = await server.open("bob");
    await expectAgreement(alice, bob, name);
    await alice.close();
  }
  expect(died).toBeGreaterThan(deaths.length / 4);
}, 240_000);

test("R-019 FED-1109 whoever comes in anew may die at any transaction: one way back, and nothing is lost", async () => {
  const name = "comes back";
  const alice = await server.open(await actorOf("host", 0));
  const room = await alice.conversations.create({ name, members: ["bob@localhost"] });
  await room.send("first");
  await bob.caughtUp();
  await bob.close();
  let died = 0;
  const said = ["first"];
  for (const { at, when } of deaths.slice(0, full ? 24 : 4)) {
    const doomed = await openMortal(server, "bob");
    await settle(doomed);
    const theirs = await doomed.client.conversations.get(room.id);
    doomed.arm({ at, when });
    await Promise.race([theirs.rejoin().catch(() => undefined), doomed.died]);
    if (doomed.dead()) died += 1;
    else await doomed.client.close();
    bob = await server.open("bob");
    await bob.caughtUp();
    const again = await bob.conversations.get(room.id);
    const text = `${when} ${at}`;
    await again.send(text);
    said.push(text);
    await alice.caughtUp();
    await bob.caughtUp();
    const [here, there] = [await room.info(), await again.info()];
    expect(there.epochAuthenticator).toBe(here.epochAuthenticator);
    expect(there.health).toEqual({ state: "ok" });
    expect(await textsIn(room)).toEqual(said);
    expect(await textsIn(again)).toEqual(said);
    await bob.close();
  }
  bob = await server.open("bob");
  await alice.close();
  expect(died).toBeGreaterThan(0);
}, 120_000);

test("R-057 R-019 who is far behind takes in several commits at once, and may die between any two steps", async () => {
  const commits = full ? 40 : 10;
  const alice = await server.open(await actorOf("renamer", 0));
  const room = await alice.conversations.create({ name: "behind", members: ["bob@localhost"] });
  await bob.caughtUp();
  await bob.close();
  let died = 0;
  let told = 0;
  for (const { at, when } of deaths.slice(0, full ? 40 : 4)) {
    for (let count = 0; count < commits; count += 1) await room.rename(`behind ${at} ${count}`);
    told += commits;
    await room.send(`${when} ${at}`);
    const doomed = await openMortal(server, "bob");
    doomed.arm({ at, when });
    await Promise.race([doomed.client.caughtUp().catch(() => undefined), doomed.died]);
    if (doomed.dead()) died += 1;
    else await doomed.client.close();
    const back = await openMortal(server, "bob");
    await settle(back);
    const theirs = await back.client.conversations.get(room.id);
    const [here, there] = [await room.info(), await theirs.info()];
    expect(there.epochAuthenticator).toBe(here.epochAuthenticator);
    expect(there.name).toBe(`behind ${at} ${commits - 1}`);
    expect(await textsIn(theirs)).toEqual(await textsIn(room));
    const items = await theirs.history({ limit: 10_000 });
    const positions = items.map(({ position }) => position);
    expect(new Set(positions).size).toBe(positions.length);
    const renamed = items.filter((item) => item.kind === "membership" && item.about !== undefined);
    expect(renamed).toHaveLength(told);
    expect(items.map(({ kind }) => kind)).not.toContain("fault");
    await back.client.close();
  }
  expect(died).toBeGreaterThan(0);
  const many = 2 * commits + 20;
  for (let count = 0; count < many; count += 1) await room.rename(`behind ${count}`);
  const unhurt = await openMortal(server, "bob");
  const before = unhurt.transactions();
  await unhurt.client.caughtUp();
  // One by one each of them takes three.
  expect(unhurt.transactions()).toBeLessThan(before + 2 * many);
  await unhurt.client.close();
  await alice.close();
  bob = await server.open("bob");
}, 240_000);

test("R-020 a registration may die at any transaction and is finished with the same store", async () => {
  for (const { at, when } of deaths.slice(0, full ? 12 : 4)) {
    const name = `new-${when}-${at}`;
    const options = { password, register: {} };
    const doomed = await openMortal(server, name, { ...options, death: { at, when } }).catch(
      () => undefined,
    );
    if (doomed !== undefined) await Promise.race([doomed.client.caughtUp(), doomed.died]);
    if (doomed?.dead() === false) await doomed.client.close();
    // A registration that was complete is only opened; any other is taken up again.
    const again = await server.open(name, options).catch(() => server.open(name, { password }));
    await again.caughtUp();
    expect((await again.contacts.find(`${name}@localhost`)).clients).toEqual([again.me.client]);
    const room = await again.conversations.create({ name, members: ["bob@localhost"] });
    await room.send("here I am");
    await again.close();
  }
}, 120_000);

test("R-057 who dies on being removed gives up what was wished before, and nobody waits for ever", async () => {
  const most = full ? 16 : 8;
  let died = 0;
  await bob.close();
  const alice = await server.register("remover");
  const { id } = await alice.conversations.create({ name: "out", members: ["bob@localhost"] });
  const room = await alice.conversations.get(id);
  for (let at = full ? 1 : 6; at <= most; at += 1) {
    await room.add(["bob@localhost"]);
    const member = await openMortal(server, "bob");
    await settle(member);
    await member.client.close();
    const offline = await openMortal(server, "bob", { offline: true });
    const wished = (await offline.client.conversations.get(id)).send("never");
    const told = wished.catch(() => undefined);
    while ((await offline.intents()) === 0) await new Promise(setImmediate);
    await offline.client.close();
    await told;
    await room.remove(["bob@localhost"]);
    const doomed = await openMortal(server, "bob");
    doomed.arm({ at, when: "after" });
    await Promise.race([doomed.client.caughtUp().catch(() => undefined), doomed.died]);
    if (doomed.dead()) died += 1;
    else await doomed.client.close();
    const again = await openMortal(server, "bob");
    for (let round = 0; round < 10; round += 1) await again.client.caughtUp();
    expect(await again.intents(), `after ${at} transactions`).toBe(0);
    await again.client.close();
  }
  expect(died).toBeGreaterThan(1);
  await alice.close();
  bob = await server.open("bob");
}, 120_000);
