import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client, ClientEvents } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { agree, backUp, loseAndRestore } from "../federation-e2e/backups.ts";
import { gather, joined, keptBy, storedLog } from "../federation-e2e/people.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld } from "../federation-e2e/world.ts";

let world: FederatedWorld;
let alice: Client;
let ann: Client;
let bob: Client;
let ben: Client;

beforeEach(async () => {
  world = await startFederatedWorld({ names: ["alpha", "beta"], seed: 7 });
  [alice, ann, bob, ben] = await Promise.all([
    world.register("alice@alpha.example"),
    world.register("ann@alpha.example"),
    world.register("bob@beta.example"),
    world.register("ben@beta.example"),
  ]);
  await befriend(alice, bob);
  await befriend(alice, ben);
}, 120_000);

afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

/** Says it, and resolves once everybody has it. */
async function say(speaker: Client, id: string, text: string, hearers: readonly Client[]) {
  await (await speaker.conversations.get(id)).send(text);
  for (const hearer of [speaker, ...hearers]) await reads(hearer, id, text);
}

function reads(hearer: Client, id: string, text: string): Promise<void> {
  return until(hearer, async () => (await keptBy(hearer, id)).some((one) => one.text === text));
}

async function converse(people: readonly Client[], id: string): Promise<void> {
  for (const speaker of people) {
    const others = people.filter((one) => one !== speaker);
    await say(speaker, id, `${speaker.me.address} is still here`, others);
  }
}

/** What each of them has, sorted: the same for all, and nothing twice, if nothing went wrong. */
async function textsOf(people: readonly Client[], id: string): Promise<readonly string[]> {
  const [first = [], ...others] = await Promise.all(
    people.map(async (one) => (await keptBy(one, id)).map(({ text }) => text).toSorted()),
  );
  for (const other of others) expect(other).toEqual(first);
  return first;
}

const stillHere = (people: readonly Client[]): readonly string[] =>
  people.map(({ me }) => `${me.address} is still here`);

function heard<K extends keyof ClientEvents>(client: Client, name: K): readonly ClientEvents[K][] {
  const values: ClientEvents[K][] = [];
  client.on(name, (value) => values.push(value));
  return values;
}

test("X-01 FED-958 FED-957 a restored hub gets back from its follower what its own heads cover", async () => {
  const id = await gather([alice, ann, bob], "Tea");
  await say(alice, id, "before", [ann, bob]);
  const backup = await backUp(world.server("alpha"));
  await say(alice, id, "after one", [ann, bob]);
  await (await alice.conversations.get(id)).add(["ben@beta.example"]);
  await joined(ben, id);
  await (await alice.conversations.get(id)).remove(["ann@alpha.example"]);
  await until(bob, async () => (await (await bob.conversations.get(id)).members()).length === 3);
  await say(bob, id, "after two", [alice, ben]);
  const before = storedLog(world.server("beta"), id);
  const lost = [heard(alice, "lostByServer"), heard(bob, "lostByServer")];
  const faults = heard(alice, "fault");
  await loseAndRestore(world.server("alpha"), backup);
  const members = [alice, bob, ben];
  await agree(members, id);
  await converse(members, id);
  expect(await textsOf([alice, bob], id)).toEqual(
    ["after one", "after two", "before", ...stillHere(members)].toSorted(),
  );
  // The commits came with heads: they are back in the log as they were, octet for octet.
  const after = storedLog(world.server("alpha"), id);
  const common = [...before.keys()].filter((position) => after.has(position));
  for (const position of common) expect(after.get(position)).toBe(before.get(position));
  const commits = await (await alice.conversations.get(id)).history({ limit: 1000 });
  const changes = commits.filter(({ kind }) => kind === "membership");
  expect(changes).toHaveLength(3);
  for (const { position } of changes) expect(common).toContain(position);
  // Ann was removed after the backup, and did not come back.
  expect(faults.map(({ code }) => code)).not.toContain("membersReturned");
  expect((await (await alice.conversations.get(id)).members()).length).toBe(3);
  expect(lost.flat().every(({ sentAgain }) => sentAgain)).toBe(true);
}, 180_000);

test("FED-958 what the follower had and no head covers is sent again by who said it, and comes once", async () => {
  const id = await gather([alice, ann, bob, ben], "Tea");
  await say(alice, id, "before", [ann, bob, ben]);
  await ann.close();
  const backup = await backUp(world.server("alpha"));
  for (const [index, speaker] of [bob, alice, ben, bob, alice].entries()) {
    await say(speaker, id, `after ${index}`, [alice, bob, ben]);
  }
  // At once: the last of it is younger than the newest head.
  await loseAndRestore(world.server("alpha"), backup);
  // Who was away all the while gets from the restored hub what is back in the log or comes again.
  ann = await world.open("ann@alpha.example");
  const people = [alice, ann, bob, ben];
  const texts = [0, 1, 2, 3, 4].map((index) => `after ${index}`);
  for (const one of people) for (const text of texts) await reads(one, id, text);
  await converse(people, id);
  await agree(people, id);
  expect(await textsOf(people, id)).toEqual(["before", ...texts, ...stillHere(people)].toSorted());
}, 180_000);

test("a follower restored from an old backup follows its rooms again, those it forgot included", async () => {
  const id = await gather([alice, bob], "Tea");
  await say(alice, id, "before", [bob]);
  const backup = await backUp(world.server("beta"));
  await say(alice, id, "after one", [bob]);
  await say(bob, id, "after two", [alice]);
  await (await alice.conversations.get(id)).add(["ben@beta.example"]);
  await joined(ben, id);
  await say(ben, id, "after three", [alice, bob]);
  const other = await gather([alice, ann, bob], "Coffee");
  await say(bob, other, "in a room that will be forgotten", [alice, ann]);
  await loseAndRestore(world.server("beta"), backup);
  await converse([alice, bob, ben], id);
  await converse([alice, ann, bob], other);
  await agree([alice, bob, ben], id);
  await agree([alice, ann, bob], other);
  expect(await textsOf([alice, bob], id)).toEqual(
    ["before", "after one", "after two", "after three", ...stillHere([alice, bob, ben])].toSorted(),
  );
  expect(await textsOf([alice, ann, bob], other)).toEqual(
    ["in a room that will be forgotten", ...stillHere([alice, ann, bob])].toSorted(),
  );
}, 180_000);

test("a Welcome that a restored server has forgotten is made up for: who was added comes in", async () => {
  const id = await gather([alice, bob], "Tea");
  await say(alice, id, "before", [bob]);
  await ben.close();
  const backup = await backUp(world.server("beta"));
  await (await alice.conversations.get(id)).add(["ben@beta.example"]);
  await until(bob, async () => (await (await bob.conversations.get(id)).members()).length === 3);
  await loseAndRestore(world.server("beta"), backup);
  ben = await world.open("ben@beta.example");
  await joined(ben, id);
  await converse([alice, bob, ben], id);
  await agree([alice, bob, ben], id);
  expect(await textsOf([alice, bob], id)).toEqual(
    ["before", ...stillHere([alice, bob, ben])].toSorted(),
  );
}, 180_000);

test("FED-957 members that were ahead of a hub whose followers were away come back behind it", async () => {
  const id = await gather([alice, ann, bob], "Tea");
  await say(alice, id, "before", [ann, bob]);
  const backup = await backUp(world.server("alpha"));
  for (const link of world.links) link.set({ link: "down" });
  await (await alice.conversations.get(id)).remove(["ann@alpha.example"]);
  await (await alice.conversations.get(id)).send("without ann");
  await loseAndRestore(world.server("alpha"), backup);
  for (const link of world.links) link.set({ link: "up" });
  await reads(bob, id, "without ann");
  await until(bob, async () => (await (await bob.conversations.get(id)).members()).length === 2);
  await agree([alice, bob], id);
  await converse([alice, bob], id);
  expect((await keptBy(ann, id)).map(({ text }) => text)).not.toContain("without ann");
}, 180_000);
