import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, OrganiseWish } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, joinedBy, next, reads } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
/** Another client of hers. */
let other: Client;
let bob: Client;
let tea: Conversation;
let cake: Conversation;
let jam: Conversation;

const organisationOf = async (client: Client, { id }: Conversation) =>
  (await (await client.conversations.get(id)).info()).organisation;

/** Waits until the other one has what was chosen here. */
async function heardBy(client: Client, act: () => Promise<unknown>): Promise<void> {
  const merged = next(client, "accountData", ({ change }) => change === "merged");
  await act();
  await merged;
}

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  const make = async (name: string) => {
    const [made] = await founded(alice, name, [bob]);
    if (made === undefined) throw new Error("nobody is in the room");
    return made;
  };
  [tea, cake, jam] = [await make("Tea"), await make("Cake"), await make("Jam")];
  other = await server.open("alice", { store: server.path("phone"), login: true, password });
  for (const { id } of [tea, cake, jam]) await joinedBy(other, id);
  await other.caughtUp();
});

afterAll(() => server[Symbol.asyncDispose]());

test("R-126 R-127 pins, folders and labels are the same on all clients, and none is at the server", async () => {
  const on = async (room: Conversation, wish: OrganiseWish) =>
    (await alice.conversations.get(room.id)).organise(wish);
  const friends = await alice.folders.create("the-canary-of-a-folder");
  await alice.folders.create("Work");
  await on(tea, { pinned: true, addFolders: [friends.id, "Work"], addLabels: ["hot", "old"] });
  await on(cake, { pinned: true, addFolders: ["Work"], muted: true });
  await heardBy(other, async () => {
    await on(jam, { pinned: { before: cake.id } });
    await on(tea, { removeLabels: ["old"] });
    await alice.folders.change("Work", { before: friends.id, name: "At work" });
  });
  const places = async (client: Client) =>
    Promise.all([tea, cake, jam].map(async (room) => (await organisationOf(client, room)).pinned));
  expect(await places(alice)).toEqual([0, 2, 1]);
  const asSeenBy = async (client: Client) =>
    JSON.stringify([
      (await client.folders.list()).map(({ id, name, conversations }) => [
        id,
        name,
        conversations.toSorted(),
      ]),
      await Promise.all([tea, cake, jam].map((room) => organisationOf(client, room))),
    ]);
  const asHere = async () => (await asSeenBy(other)) === (await asSeenBy(alice));
  for (;;) {
    const coming = next(other, "accountData");
    if (await asHere()) break;
    await coming;
  }
  expect(await places(other)).toEqual([0, 2, 1]);
  expect(await organisationOf(other, tea)).toMatchObject({ labels: ["hot"] });
  expect((await other.folders.list()).map(({ name }) => name)).toEqual([
    "At work",
    "the-canary-of-a-folder",
  ]);
  const data = join(server.directory, "data");
  const holds = (text: string) =>
    readdirSync(data)
      .filter((name) => name.startsWith("treehouse.sqlite"))
      .some((name) => readFileSync(join(data, name)).includes(text));
  expect(holds("authentication_account_data")).toBe(true);
  expect(holds("the-canary-of-a-folder")).toBe(false);
  await expect(on(tea, { addFolders: ["None"] })).rejects.toMatchObject({ code: "notFound" });
});

test("R-127 what is unread is summed up by folder; a message brings back from the archive", async () => {
  await (await alice.conversations.get(jam.id)).organise({ archived: true, marked: true });
  await (await alice.conversations.get(cake.id)).organise({ archived: true });
  expect(await organisationOf(alice, jam)).toMatchObject({ archived: true, marked: true });
  for (const room of [tea, jam, cake]) {
    const his = await joinedBy(bob, room.id);
    await his.send(`to [alice](${alice.me.user})`, { format: "markdown" });
    await his.send("and more");
    await reads(alice, room.id, "and more");
  }
  const folders = await alice.folders.list();
  expect(folders.map(({ unread }) => unread)).toEqual([
    { messages: 3, mentions: 2 },
    { messages: 2, mentions: 1 },
  ]);
  expect(folders.map(({ conversations }) => conversations.length)).toEqual([2, 1]);
  expect((await organisationOf(alice, jam)).archived).toBe(false);
  // Muted ones stay where they are.
  expect((await organisationOf(alice, cake)).archived).toBe(true);
  const room = await alice.conversations.get(jam.id);
  await room.markRead((await room.info()).position);
  expect(await organisationOf(alice, jam)).toMatchObject({ marked: false });
  await alice.folders.delete("At work");
  expect((await organisationOf(alice, cake)).folders).toEqual([]);
});

test("R-125 conversations are found by name and by who is in", async () => {
  const found = async (typed: string) =>
    (await alice.conversations.find(typed)).map(({ name, by }) => [name, by]);
  expect(await found("tae")).toEqual([]);
  expect(await found("caek")).toEqual([["Cake", "name"]]);
  expect((await found("bob")).map(([, by]) => by)).toEqual(["member", "member", "member"]);
  await (await alice.conversations.get(tea.id)).setOwnName("Five o'clock");
  expect(await found("clock")).toEqual([["Five o'clock", "name"]]);
});
