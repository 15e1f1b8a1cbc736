import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, SearchOptions } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, next, reads } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let tea: Conversation;
let his: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [tea, his] = [first, second];
  await tea.send("The chocolate cake is for Zoë");
  await tea.send("明日の会議は三時からです");
  await his.send(`[alice](${alice.me.user}) see https://tea.example/cake`, { format: "markdown" });
  await reads(alice, tea.id, `[alice](${alice.me.user}) see https://tea.example/cake`);
  await reads(bob, his.id, "明日の会議は三時からです");
});

afterAll(() => server[Symbol.asyncDispose]());

const texts = async (client: Client, query: string, options?: SearchOptions) =>
  (await client.search(query, options)).hits.map(({ message }) => message.text.slice(0, 12));

test("R-123 R-124 members find what was said, by words and conditions, and see where", async () => {
  expect(await texts(bob, "zoe ")).toEqual(["The chocolat"]);
  expect(await texts(bob, "会議")).toEqual(["明日の会議は三時からです"]);
  expect(await texts(bob, "cake")).toEqual(["[alice](mimi", "The chocolat"]);
  expect(await texts(bob, "cake from:alice in:tea")).toEqual(["The chocolat"]);
  expect(await texts(alice, "from:me -cake")).toEqual(["明日の会議は三時からです"]);
  expect(await texts(alice, "has:link kind:text is:mention after:1d")).toEqual(["[alice](mimi"]);
  expect(await texts(alice, "is:unread on:2020")).toEqual([]);
  expect(await texts(alice, "is:unread")).toEqual(["[alice](mimi"]);
  const { hits, index } = await his.search('"chocolate cake"');
  const [hit] = hits;
  const [range] = hit?.snippet.highlights ?? [];
  expect(hit?.snippet.text.slice(range?.start, range?.end)).toBe("chocolate cake");
  expect(index.done).toBe(index.total);
  await expect(alice.search("tea from:nobody-known")).rejects.toMatchObject({
    code: "queryInvalid",
    data: { reason: "unknownPerson", position: 9 },
  });
});

test("R-052 what was edited or taken back is found no more, and its cursor still holds", async () => {
  const { id } = await tea.send("the first wording is quicksilver");
  await reads(bob, his.id, "the first wording is quicksilver");
  expect(await texts(bob, "quicksilver")).toHaveLength(1);
  const changed = next(bob, "changed");
  await tea.edit(id, "the second wording is marmalade");
  await changed;
  expect(await texts(bob, "quicksilver")).toEqual([]);
  expect(await texts(bob, "marmalade is:edited")).toHaveLength(1);
  const page = await bob.search("from:alice", { limit: 1 });
  expect(page.hits[0]?.message.id).toBe(id);
  const gone = next(bob, "changed");
  await tea.delete(id);
  await gone;
  expect(await texts(bob, "marmalade")).toEqual([]);
  expect(await texts(bob, "from:alice", { cursor: page.cursor })).toHaveLength(2);
  await expect(bob.search("tea", { cursor: "x", order: "best" })).rejects.toMatchObject({
    code: "queryInvalid",
  });
});

test("R-124 polls, previews and what is pinned are found by what they say and are", async () => {
  const { id } = await tea.createPoll({ question: "Which jam?", options: ["quince", "medlar"] });
  await tea.send("look https://orchard.example/", {
    preview: { url: "https://orchard.example/", title: "The orchard in October" },
  });
  const pinned = next(bob, "changed", ({ change }) => change === "pin");
  await tea.pin(id);
  await pinned;
  await reads(bob, his.id, "look https://orchard.example/");
  expect(await texts(bob, "medlar")).toEqual([expect.stringMatching(/^Which jam/)]);
  expect(await texts(bob, "kind:poll is:pinned")).toHaveLength(1);
  const { hits } = await bob.search("orchard october");
  expect(hits.map(({ snippet }) => snippet.text)).toEqual(["The orchard in October"]);
});
