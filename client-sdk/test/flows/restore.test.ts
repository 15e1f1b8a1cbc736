import { existsSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { keepData } from "../world/old-data.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { agreed, founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

/** One for all tests, each of which has rooms of its own. */
let server: TestServer;
const here = new Map<string, Client>();

beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  for (const client of here.values()) await client.close();
  await server[Symbol.asyncDispose]();
});

/** Somebody's client: registered when they are new, opened again when they were away. */
async function person(name: string): Promise<Client> {
  const known = existsSync(server.path(name));
  const client = here.get(name) ?? (known ? await server.open(name) : await server.register(name));
  here.set(name, client);
  return client;
}

/** Whom a test begins with; all others are away. */
async function cast(...names: readonly string[]): Promise<readonly Client[]> {
  // Whoever was there in the test before may not have noticed yet that the server was set back.
  for (const name of here.keys()) await away(name);
  const clients: Client[] = [];
  for (const name of names) clients.push(await person(name));
  // Their KeyPackages are there again, which the restore before took away.
  for (const client of clients) await client.caughtUp();
  return clients;
}

/** Closes somebody's client until it is wanted again. */
async function away(name: string): Promise<void> {
  await here.get(name)?.close();
  here.delete(name);
}

/** Fits what is told of this conversation. */
const of =
  ({ id }: Conversation) =>
  ({ room }: { readonly room: string }) =>
    room === id;

/** All of them are in the same epoch of the same group, and say so. */
async function expectAgreement(all: readonly (readonly [Client, Conversation])[]): Promise<void> {
  const infos = await agreed(all);
  expect(new Set(infos.map(({ epoch }) => epoch)).size).toBe(1);
}

/** What each says reaches all others. */
async function converse(all: readonly (readonly [Client, Conversation])[]): Promise<void> {
  for (const [client, room] of all) {
    const text = `${client.me.address} is still here`;
    await room.send(text);
    for (const [other] of all) if (other !== client) await reads(other, room.id, text);
  }
}

test("T-20 FED-957 messages that a restored server forgot go out again, and nobody has one twice", async () => {
  const [alice, bob, carol] = await cast("alice", "bob", "carol");
  if (!alice || !bob || !carol) throw new Error("three");
  const [hers, his, carols] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his || !carols) throw new Error("three");
  await hers.send("before");
  for (const client of [bob, carol]) await reads(client, hers.id, "before");
  await away("carol");
  const old = await keepData(server);
  const first = await hers.send("lost one");
  await reads(bob, hers.id, "lost one");
  const second = await hers.send("lost two");
  await his.send("lost three");
  await reads(bob, hers.id, "lost two");
  await reads(alice, hers.id, "lost three");

  const told = [heard(alice, "lostByServer"), heard(bob, "lostByServer")];
  const gaps = heard(bob, "gap");
  const restored = next(alice, "restored");
  await old.putBack();
  await restored;
  const back = await person("carol");
  for (const text of ["lost one", "lost two", "lost three"]) await reads(back, hers.id, text);
  expect(told[0]).toEqual([{ room: hers.id, messages: [first.id, second.id], sentAgain: true }]);
  expect(told[1]?.map(({ messages }) => messages.length)).toEqual([1]);
  expect(gaps.filter(({ stream }) => stream === hers.id)).toMatchObject([{ reason: "restored" }]);

  const all = [
    [alice, hers],
    [bob, his],
    [back, await back.conversations.get(hers.id)],
  ] as const;
  await converse(all);
  await expectAgreement(all);
  for (const [, room] of all) {
    const texts = (await textsIn(room)).filter((text) => text.startsWith("lost"));
    expect(texts.toSorted()).toEqual(["lost one", "lost three", "lost two"]);
  }
}, 120_000);

test("T-20 FED-1109 groups that are ahead of a restored hub come back, and who was added is added again", async () => {
  const [alice, bob, dave] = await cast("alice", "bob", "dave");
  if (!alice || !bob || !dave) throw new Error("three");
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  await hers.send("before");
  await reads(bob, hers.id, "before");
  const old = await keepData(server);
  await hers.add(["dave@localhost"]);
  const daves = await joinedBy(dave, hers.id);
  await hers.send("welcome, dave");
  await reads(dave, hers.id, "welcome, dave");
  await reads(bob, hers.id, "welcome, dave");
  await daves.send("thank you");
  await reads(alice, hers.id, "thank you");
  await reads(bob, hers.id, "thank you");
  const ahead = (await hers.info()).epoch;

  const gone = next(dave, "removed", of(hers));
  await old.putBack();
  await gone;
  await joinedBy(dave, hers.id);
  const all = [
    [alice, hers],
    [bob, his],
    [dave, daves],
  ] as const;
  await converse(all);
  await expectAgreement(all);
  expect((await hers.members()).map(({ address }) => address).toSorted()).toEqual([
    "alice@localhost",
    "bob@localhost",
    "dave@localhost",
  ]);
  expect((await hers.info()).epoch).toBeGreaterThanOrEqual(ahead);
  for (const [, room] of all) {
    const texts = (await textsIn(room)).filter((text) => /welcome|thank/.test(text));
    expect(texts).toEqual(["welcome, dave", "thank you"]);
  }
}, 120_000);

test("who comes back behind a restored hub last is told once more what the others said meanwhile", async () => {
  const [alice, bob, carol] = await cast("alice", "bob", "carol");
  if (!alice || !bob || !carol) throw new Error("three");
  const [hers, his, carols] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his || !carols) throw new Error("three");
  const old = await keepData(server);
  // A commit that the server will have forgotten: whoever has applied it is ahead.
  await person("forgotten");
  await hers.add(["forgotten@localhost"]);
  await hers.send("all here");
  await reads(bob, hers.id, "all here");
  await reads(carol, hers.id, "all here");
  await away("bob");
  const back = [next(alice, "joined", of(hers)), next(carol, "joined", of(hers))];
  await old.putBack();
  await Promise.all(back);
  await carols.send("while bob is away");
  await reads(alice, hers.id, "while bob is away");
  await hers.send("and so do I say");
  await reads(carol, hers.id, "and so do I say");
  const late = await person("bob");
  const missed = next(
    late,
    "gap",
    ({ stream, reason }) => stream === hers.id && reason === "missed",
  );
  await missed;
  for (const text of ["while bob is away", "and so do I say"]) await reads(late, hers.id, text);
  const texts = await textsIn(await late.conversations.get(hers.id));
  expect(texts.toSorted()).toEqual(["all here", "and so do I say", "while bob is away"]);
  expect((await textsIn(hers)).toSorted()).toEqual(texts.toSorted());
}, 120_000);

test("T-20 who had been removed and came back with old data is out again before anything is said", async () => {
  const [alice, bob, eve] = await cast("alice", "bob", "eve");
  if (!alice || !bob || !eve) throw new Error("three");
  const [hers, his] = await founded(alice, "Tea", [bob, eve]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  const removed = next(eve, "removed", of(hers));
  await hers.remove(["eve@localhost"]);
  await removed;
  await hers.send("now that eve is gone");
  await reads(bob, hers.id, "now that eve is gone");

  const faults = heard(alice, "fault");
  const lost = next(alice, "lostByServer", of(hers));
  const eves = heard(eve, "stored");
  const back = next(bob, "joined", of(hers));
  await old.putBack();
  expect(await lost).toMatchObject({ sentAgain: true });
  // What is said before he is back, he is told of and cannot read.
  await back;
  await hers.send("and still is");
  await reads(bob, hers.id, "and still is");
  expect(faults.map(({ code }) => code)).toContain("membersReturned");
  await until(alice, async () => (await hers.members()).length === 2);
  await until(bob, async () => (await his.members()).length === 2);
  await expectAgreement([
    [alice, hers],
    [bob, his],
  ]);
  await eve.caughtUp();
  expect(await textsIn(await eve.conversations.get(hers.id))).toEqual([]);
  expect(eves).toEqual([]);
}, 120_000);

test("T-20 who may not remove people sends nothing again to somebody who came back, unless told to", async () => {
  const [alice, bob, eve] = await cast("alice", "bob", "eve");
  if (!alice || !bob || !eve) throw new Error("three");
  const [hers, his] = await founded(alice, "Tea", [bob, eve]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  const removed = next(eve, "removed", of(hers));
  await hers.remove(["eve@localhost"]);
  await removed;
  const { id } = await his.send("not for eve");
  await reads(alice, hers.id, "not for eve");
  // The only one who may remove eve is away.
  await away("alice");
  const lost = next(bob, "lostByServer", of(hers));
  await old.putBack();
  expect(await lost).toEqual({ room: hers.id, messages: [id], sentAgain: false });
  await expect(his.sendAgain("00".repeat(32))).rejects.toMatchObject({ code: "notFound" });
  const back = await person("alice");
  await until(bob, async () => (await his.members()).length === 2);
  const again = await his.sendAgain(id);
  expect(again.id).toBe(id);
  await back.caughtUp();
  await until(back, async () => (await back.conversations.get(hers.id)).id === hers.id);
  expect(await textsIn(his)).toEqual(["not for eve"]);
  expect(await textsIn(await eve.conversations.get(hers.id))).toEqual([]);
}, 120_000);

test("a client that had left does not come back with old data", async () => {
  const [alice, bob] = await cast("alice", "bob");
  if (!alice || !bob) throw new Error("two");
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  const removed = next(bob, "removed", of(hers));
  await his.leave();
  await removed;
  await old.putBack();
  await until(alice, async () => (await hers.members()).length === 1);
  expect((await his.info()).status).toBe("removed");
}, 120_000);

test("FED-957 the same old data put back twice give nothing that passes for known", async () => {
  const [alice, bob] = await cast("alice", "bob");
  if (!alice || !bob) throw new Error("two");
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  for (const round of ["first", "second", "third"]) {
    await hers.send(`in the ${round} life`);
    await reads(bob, hers.id, `in the ${round} life`);
    await his.send(`answer in the ${round} life`);
    await reads(alice, hers.id, `answer in the ${round} life`);
    const again = next(bob, "restored");
    await old.putBack();
    await again;
  }
  const all = [
    [alice, hers],
    [bob, his],
  ] as const;
  await converse(all);
  await expectAgreement(all);
  await person("late");
  await hers.add(["late@localhost"]);
  for (const [, room] of all) {
    const texts = (await textsIn(room)).filter((text) => text.includes("life"));
    expect(texts.toSorted()).toEqual(
      ["first", "second", "third"]
        .flatMap((round) => [`answer in the ${round} life`, `in the ${round} life`])
        .toSorted(),
    );
  }
}, 120_000);

test("sessions of before go on, later ones end, and what was founded later is told as forgotten", async () => {
  const [alice, bob] = await cast("alice", "bob");
  if (!alice || !bob) throw new Error("two");
  const old = await keepData(server);
  const later = await person("later");
  const [room] = await founded(alice, "Later", [bob]);
  if (!room) throw new Error("one");
  await room.send("to be remembered");
  await reads(bob, room.id, "to be remembered");

  const faults = [heard(alice, "fault"), heard(bob, "fault")];
  const out = next(later, "loginRequired");
  const closed = [next(alice, "removed", of(room)), next(bob, "removed", of(room))];
  await old.putBack();
  await out;
  await Promise.all(closed);
  for (const told of faults) expect(told.map(({ code }) => code)).toContain("roomForgotten");
  expect(await textsIn(await bob.conversations.get(room.id))).toEqual(["to be remembered"]);
  const [hers, his] = await founded(alice, "Again", [bob]);
  if (!hers || !his) throw new Error("two");
  await converse([
    [alice, hers],
    [bob, his],
  ]);
}, 120_000);

test("R-006 KeyPackages of before a restore are never given out after it, and new ones are there", async () => {
  const [alice, bob] = await cast("alice", "bob");
  if (!alice || !bob) throw new Error("two");
  const old = await keepData(server);
  const [before] = await founded(alice, "One", [bob]);
  await away("bob");
  await old.putBack();
  // Nobody has brought new ones yet, and none of the old is given.
  await alice.caughtUp();
  await expect(
    alice.conversations.create({ name: "Two", members: ["bob@localhost"] }),
  ).rejects.toMatchObject({ code: "keyPackagesExhausted" });
  const back = await person("bob");
  await back.caughtUp();
  const [after] = await founded(alice, "Three", [back]);
  expect(after?.id).not.toBe(before?.id);
}, 120_000);

test("data that were set back without the server's knowledge are noticed by its clients", async () => {
  // Whom no server has just told that it was put back: such a one would wait a while with the alarm.
  const [alice, bob] = await cast("ute", "vic");
  if (!alice || !bob) throw new Error("two");
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("one");
  const old = await keepData(server);
  await hers.send("one");
  await reads(bob, hers.id, "one");
  const told = next(bob, "fault", ({ code }) => code === "serverBehind");
  await old.putBackUnnoticed();
  expect((await told).room).toBeUndefined();
}, 120_000);
