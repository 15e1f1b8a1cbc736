import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
/** In seed 8 a removal is proposed between the look for one and the encryption of a message. */
const seeds = full ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 8];
const steps = 40;
const names = ["alice", "bob", "carol"] as const;
type Name = (typeof names)[number];

let server: TestServer;
const clients = new Map<Name, Client>();

beforeAll(async () => {
  server = await startServer();
  for (const name of names) clients.set(name, await server.register(name));
});

afterAll(async () => {
  for (const client of clients.values()) await client.close();
  await server[Symbol.asyncDispose]();
});

/** A small generator (mulberry32): the same seed gives the same acts. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

function clientOf(name: Name): Client {
  const client = clients.get(name);
  if (client === undefined) throw new Error(`there is no ${name}`);
  return client;
}

/** The act may be refused, for who acts may just have been removed; it is never unknown. */
async function tolerate(act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    expect(error).toMatchObject({
      code: expect.stringMatching(/^(removed|notMember|notAllowed|unknownRoom)$/),
    });
    return false;
  }
}

async function roomOf(name: Name, id: string): Promise<Conversation | undefined> {
  const known = await clientOf(name).conversations.list();
  return known.some((one) => one.id === id) ? clientOf(name).conversations.get(id) : undefined;
}

type Told = { readonly position: number; readonly text: string };

async function historyOf(name: Name, id: string): Promise<readonly Told[]> {
  const room = await roomOf(name, id);
  const items = (await room?.history({ limit: 10_000 })) ?? [];
  expect(items.filter(({ kind }) => kind === "fault")).toEqual([]);
  return items.flatMap((item) =>
    item.kind === "message" ? [{ position: item.position, text: item.text }] : [],
  );
}

for (const seed of seeds) {
  test(`R-019 three clients that act at any time agree in the end (seed ${seed})`, async () => {
    const founded = await clientOf("alice").conversations.create({
      name: `seed ${seed}`,
      members: names.slice(1).map((name) => `${name}@localhost`),
    });
    const accepted = await actAtRandom(founded.id, seed);
    const owner = await clientOf("alice").conversations.get(founded.id);
    // Whoever was on the way out goes with the first commit and comes back with the second.
    for (let round = 0; round < 2; round += 1) {
      await owner.add(names.slice(1).map((name) => `${name}@localhost`));
      await clientOf("alice").caughtUp();
    }
    const present = await expectAgreement(owner, accepted);
    expect(present).toBe(names.length);
  });
}

/** Answers the texts that were accepted. When it is done nobody waits for anything any more. */
async function actAtRandom(id: string, seed: number): Promise<readonly string[]> {
  const roll = dice(seed);
  const accepted: string[] = [];
  const running: Promise<unknown>[] = [];
  for (let step = 0; step < steps; step += 1) {
    const name = names[roll(names.length)] ?? "alice";
    const other = `${names[1 + roll(2)] ?? "bob"}@localhost`;
    const act = roll(12);
    const owner = await clientOf("alice").conversations.get(id);
    const theirs = await roomOf(name, id);
    if (act < 6 && theirs !== undefined) {
      const text = `${name} at ${step}`;
      running.push(tolerate(theirs.send(text)).then((done) => done && accepted.push(text)));
    } else if (act < 8) {
      running.push(tolerate(owner.add([other])));
    } else if (act < 9) {
      running.push(tolerate(owner.remove([other])));
    } else if (act < 10 && theirs !== undefined && name !== "alice") {
      running.push(tolerate(theirs.leave()));
    } else if (act === 10) {
      await Promise.all(running.splice(0));
      await clientOf(name).close();
      clients.set(name, await server.open(name));
    } else if (act === 11) {
      await server.stop();
      await server.start();
    }
    // Some acts run into one another, and some wait for what came before.
    if (roll(3) === 0) await Promise.all(running.splice(0));
  }
  await Promise.all(running);
  return accepted;
}

/** Answers how many are in. */
async function expectAgreement(owner: Conversation, accepted: readonly string[]): Promise<number> {
  const present = new Set<string>();
  for (let round = 0; round < 2; round += 1) {
    for (const name of names) await clientOf(name).caughtUp();
  }
  for (const { address } of await owner.members()) present.add(address);
  const all = await historyOf("alice", owner.id);
  expect(all.map(({ text }) => text).toSorted()).toEqual([...accepted].toSorted());
  const { epochAuthenticator } = await owner.info();
  for (const name of names) {
    const told = await historyOf(name, owner.id);
    const positions = new Set(told.map(({ position }) => position));
    expect(told).toEqual(all.filter(({ position }) => positions.has(position)));
    if (!present.has(`${name}@localhost`)) continue;
    const theirs = await clientOf(name).conversations.get(owner.id);
    expect((await theirs.info()).epochAuthenticator).toBe(epochAuthenticator);
  }
  return present.size;
}
