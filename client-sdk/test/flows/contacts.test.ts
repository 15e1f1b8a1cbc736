import { rmSync } from "node:fs";
import { join } from "node:path";

import { ACCOUNT_EVENTS, inboxEntryCodec, type ServerFrame } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { Client, SdkError } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password, startServer } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let servers: FederatedServers;
let number = 0;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
});
afterAll(() => servers[Symbol.asyncDispose]());

interface Pair extends AsyncDisposable {
  readonly names: readonly [string, string];
  readonly alice: Client;
  readonly bob: Client;
}

/** Alice of the first server and Bob of the second, new ones each time. */
async function people(): Promise<Pair> {
  number += 1;
  const names = [`alice-${number}`, `bob-${number}`] as const;
  const alice = await servers.at(0).register(names[0]);
  const bob = await servers.at(1).register(names[1]);
  return {
    names,
    alice,
    bob,
    async [Symbol.asyncDispose]() {
      await alice.close();
      await bob.close();
    },
  };
}

async function stateOf(client: Client, other: Client): Promise<string> {
  const contacts = await client.contacts.list();
  return contacts.find(({ address }) => address === other.me.address)?.state ?? "none";
}

/** The next contact event, asked for before what causes it. */
function told(client: Client, state: string) {
  return next(client, "contact", (contact) => contact.state === state);
}

test("R-042 R-031 without consent nobody of another server is added, and with it everybody", async () => {
  await using pair = await people();
  const { alice, bob } = pair;
  const members = [bob.me.address];
  for (const adding of [
    () => alice.conversations.create({ name: "Tea", members }),
    () => alice.conversations.dm(bob.me.address),
  ]) {
    await expect(adding()).rejects.toMatchObject({
      name: "SdkError",
      code: "noConsent",
      message: expect.stringContaining("request"),
      help: expect.stringMatching(/./),
    });
  }
  // Nothing was founded on the way.
  expect(await alice.conversations.list()).toEqual([]);
  const own = await alice.conversations.create({ name: "Tea" });
  await expect(own.add(members)).rejects.toBeInstanceOf(SdkError);

  const asked = told(bob, "incoming");
  const note = "from the choir";
  expect(await alice.contacts.request(bob.me.address, { note })).toMatchObject({
    state: "requested",
    mayAdd: false,
    mayBeAdded: true,
  });
  expect(await asked).toEqual({
    user: alice.me.user,
    address: alice.me.address,
    state: "incoming",
    note,
  });
  const agreed = told(alice, "mutual");
  expect(await bob.contacts.accept(alice.me.address)).toMatchObject({ state: "mutual" });
  await agreed;
  await own.add(members);
  await joinedBy(bob, own.id);
  const direct = await alice.conversations.dm(bob.me.address);
  await joinedBy(bob, direct.id);
  await direct.send("hello");
  await reads(bob, direct.id, "hello");
  // Bob, who was asked, answers by the same conversation.
  expect((await bob.conversations.dm(alice.me.address)).id).toBe(direct.id);
});

test("R-042 who was asked may answer by adding, before agreeing to more", async () => {
  await using pair = await people();
  const { alice, bob } = pair;
  const asked = told(bob, "incoming");
  await alice.contacts.request(bob.me.address);
  await asked;
  const direct = await bob.conversations.dm(alice.me.address);
  await joinedBy(alice, direct.id);
  await direct.send("who are you?");
  await reads(alice, direct.id, "who are you?");
  await expect(
    alice.conversations.create({ name: "no", members: [bob.me.address] }),
  ).rejects.toMatchObject({ code: "noConsent" });
});

test("FED-966 leave for one conversation lets into that one and no other", async () => {
  await using pair = await people();
  const { alice, bob } = pair;
  const [tea, coffee] = [
    await alice.conversations.create({ name: "Tea" }),
    await alice.conversations.create({ name: "Coffee" }),
  ];
  const asked = told(bob, "incoming");
  await alice.contacts.request(bob.me.address, { conversation: tea.id });
  expect(await asked).toMatchObject({ rooms: [tea.id] });
  const agreed = next(alice, "contact", ({ rooms }) => rooms?.includes(tea.id) === true);
  await bob.contacts.accept(alice.me.address, { conversation: tea.id });
  expect(await agreed).toMatchObject({ state: "granted" });
  await expect(coffee.add([bob.me.address])).rejects.toMatchObject({ code: "noConsent" });
  await tea.add([bob.me.address]);
  await joinedBy(bob, tea.id);
  // What was asked for one conversation lets nobody add whoever asked.
  await expect(
    bob.conversations.create({ name: "no", members: [alice.me.address] }),
  ).rejects.toMatchObject({ code: "noConsent" });
});

test("R-042 requests survive clients and servers that are away, and are told once", async () => {
  await using pair = await people();
  const { names, alice, bob } = pair;
  await bob.close();
  await servers.at(1).stop();
  await expect(alice.contacts.find(bob.me.address)).rejects.toMatchObject({
    code: "peerUnreachable",
    help: expect.stringMatching(/./),
  });
  await alice.contacts.request(bob.me.address, { note: "one" });
  await servers.at(0).stop();
  await servers.at(1).start();
  await servers.at(0).start();
  await using later = await servers.at(1).open(names[1]);
  const seen: string[] = [];
  later.on("contact", ({ state }) => void seen.push(state));
  if ((await stateOf(later, alice)) !== "incoming") await told(later, "incoming");
  await later.contacts.decline(alice.me.address);
  await later.contacts.decline(alice.me.address);
  await later.caughtUp();
  expect(await stateOf(later, alice)).toBe("none");
  // Alice is told nothing of it, and may ask again.
  expect(await stateOf(alice, later)).toBe("requested");
  const again = told(later, "incoming");
  await alice.contacts.request(later.me.address, { note: "two" });
  expect((await again).note).toBe("two");
  const gone = told(later, "none");
  await alice.contacts.remove(later.me.address);
  await gone;
  expect(seen.filter((state, place) => state === seen[place - 1])).toEqual([]);
  expect(seen.at(-1)).toBe("none");
});

test("R-043 a blocked user writes, asks and invites, and nothing of it is shown", async () => {
  await using pair = await people();
  const { alice, bob } = pair;
  await befriend(alice, bob);
  const direct = await alice.conversations.dm(bob.me.address);
  await joinedBy(bob, direct.id);
  const group = await bob.conversations.create({ name: "Shared", members: [alice.me.address] });
  const alices = await joinedBy(alice, group.id);
  await direct.send("before");
  await reads(bob, direct.id, "before");

  expect(await bob.contacts.block(alice.me.address)).toMatchObject({ state: "blocked" });
  expect((await bob.conversations.list()).map(({ id }) => id)).toEqual([group.id]);
  const before = await alice.contacts.list();
  await direct.send("are you there?");
  await alices.send("are you here?");
  await reads(bob, group.id, "are you here?");
  await bob.caughtUp();
  expect(await textsIn(await bob.conversations.get(direct.id))).toEqual(["before"]);
  const shown: string[] = [];
  for await (const message of bob.messages({ drain: true })) shown.push(message.text);
  expect(shown).toEqual(["before", "are you here?"]);
  expect(await alice.contacts.list()).toEqual(before);
  await expect(
    alice.conversations.create({ name: "come!", members: [bob.me.address] }),
  ).rejects.toMatchObject({ code: "noConsent" });
  await alice.contacts.request(bob.me.address, { note: "please" });
  expect(await stateOf(bob, alice)).toBe("blocked");

  // The block ends: what comes from then on is shown, what came meanwhile is not.
  expect(await bob.contacts.unblock(alice.me.address)).toMatchObject({ state: "mutual" });
  await direct.send("after");
  await reads(bob, direct.id, "after");
  expect(await textsIn(await bob.conversations.get(direct.id))).toEqual(["before", "after"]);
  expect((await bob.conversations.list()).map(({ id }) => id)).toContain(direct.id);
});

test("R-043 FED-967 who was blocked too late invites in vain: the Welcome shows nothing", async () => {
  await using server = await startServer();
  await using alice = await server.register("alice");
  await (await server.register("bob")).close();
  // The Welcome waits while Bob's client reads nothing of its inbox.
  let held = true;
  const reading = {
    frame: (frame: ServerFrame) => (held && frame.type === "inboxEntry" ? [] : [frame]),
  };
  const bob = await openTampered(server, "bob", reading);
  const room = await alice.conversations.create({ name: "come!", members: [bob.me.address] });
  await room.send("look at this");
  await bob.contacts.block(alice.me.address);
  held = false;
  await bob.close();

  const joined: string[] = [];
  await using back = await server.open("bob");
  back.on("joined", (event) => void joined.push(event.room));
  await back.caughtUp();
  await room.send("and this");
  await back.caughtUp();
  expect(joined).toEqual([]);
  expect(await back.conversations.list()).toEqual([]);
  const seen: string[] = [];
  for await (const message of back.messages({ drain: true })) seen.push(message.text);
  expect(seen).toEqual([]);
  // It was read all the same: the conversation is whole once the block ends.
  await back.contacts.unblock(alice.me.address);
  expect((await back.conversations.list()).map(({ id }) => id)).toEqual([room.id]);
  await room.send("at last");
  await reads(back, room.id, "at last");
  const texts = await textsIn(await back.conversations.get(room.id));
  expect(texts).toEqual(["look at this", "and this", "at last"]);
});

test("a client that missed news of contacts asks for them, and knows them offline", async () => {
  await using server = await startServer();
  await using alice = await server.register("alice");
  await (await server.register("bob")).close();
  const states = async (client: Client) =>
    (await client.contacts.list()).map(({ address, state }) => `${address} ${state}`);
  // What the server would say if the inbox had been full.
  const dropped = { name: ACCOUNT_EVENTS.eventsDropped, data: new Uint8Array() };
  const reading = {
    frame: (frame: ServerFrame): readonly ServerFrame[] => {
      if (frame.type !== "inboxEntry") return [frame];
      const entry = inboxEntryCodec.decode(frame.entry);
      if (entry.kind === "welcome") return [frame];
      return [{ ...frame, entry: inboxEntryCodec.encode({ ...entry, event: dropped }) }];
    },
  };
  const bob = await openTampered(server, "bob", reading);
  await bob.caughtUp();
  await alice.contacts.request(bob.me.address, { note: "hello" });
  await bob.caughtUp();
  await bob.close();
  await server.stop();
  const offline = await server.open("bob", { offline: true });
  expect(await states(offline)).toEqual([]);
  await offline.close();
  await server.start();

  const back = await server.open("bob");
  const news: string[] = [];
  back.on("contact", ({ state, note }) => void news.push(`${state} ${note}`));
  await back.caughtUp();
  expect(news).toEqual(["incoming hello"]);
  await back.close();
  await server.stop();
  const again = await server.open("bob", { offline: true });
  expect(await states(again)).toEqual(["alice@localhost incoming"]);
  await again.close();
});

test("R-014 with the other server's key replaced nobody is found and nobody added", async () => {
  await using pair = await people();
  const { alice, bob } = pair;
  await befriend(alice, bob);
  expect(await alice.contacts.find(bob.me.address)).toMatchObject({ user: bob.me.user });
  // Another key has countersigned what the server now says that it countersigns.
  await servers.at(1).stop();
  rmSync(join(servers.at(1).directory, "data", "secrets", "countersignature-key"));
  await servers.at(1).start();
  await servers.at(0).stop();
  await servers.at(0).start();
  const refused = { code: "identityInvalid" };
  await expect(alice.contacts.find(bob.me.address)).rejects.toMatchObject(refused);
  await expect(
    alice.conversations.create({ name: "Tea", members: [bob.me.address] }),
  ).rejects.toMatchObject(refused);
});

test("R-029 an account that is deleted is gone from its server, from others, and from its store", async () => {
  await using pair = await people();
  const { names, alice, bob } = pair;
  await befriend(alice, bob);
  const tea = await alice.conversations.create({ name: "Tea", members: [bob.me.address] });
  const bobs = await joinedBy(bob, tea.id);
  const theirs = await bob.conversations.create({ name: "Theirs", members: [alice.me.address] });
  await joinedBy(alice, theirs.id);
  await expect(alice.account.delete({ password: "wrong" })).rejects.toMatchObject({
    code: "loginFailed",
  });
  await tea.send("still here");
  await reads(bob, tea.id, "still here");

  const gone = told(bob, "none");
  const left = [tea.id, theirs.id].map((id) =>
    next(bob, "membership", ({ room, removed }) => room === id && removed.length === 1),
  );
  await alice.account.delete({ password });
  await gone;
  await Promise.all(left);
  expect((await bobs.members()).map(({ address }) => address)).toEqual([bob.me.address]);
  await expect(alice.conversations.list()).rejects.toMatchObject({ code: "closed" });
  await expect(bob.contacts.find(alice.me.address)).rejects.toMatchObject({ code: "unknownUser" });
  // The store is empty, and the name is nobody's for ever.
  await expect(servers.at(0).open(names[0], { password })).rejects.toMatchObject({
    code: "noClientInStore",
  });
  await expect(servers.at(0).register(names[0])).rejects.toMatchObject({ code: "nameTaken" });
});
