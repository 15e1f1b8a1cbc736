import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, ClientEvents, Conversation } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, heard, joinedBy, next, reads } from "../world/waiting.ts";

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
});

afterAll(() => server[Symbol.asyncDispose]());

const inShort = (told: readonly ClientEvents["notification"][]) =>
  told.map(({ text, level, reason }) => `${text}: ${level} ${reason}`);
const mentioning = () => tea.send(`[bob](${bob.me.user})`, { format: "markdown" });

test("R-111 R-115 others' messages are told by the user's rules, and no reaction, edit or own message", async () => {
  const told = heard(bob, "notification");
  const own = heard(alice, "notification");
  const first = next(bob, "notification");
  const { id } = await tea.send("one");
  await first;
  const edited = next(bob, "changed", ({ change }) => change === "edit");
  await tea.react(id, "👍");
  await tea.edit(id, "one more");
  await edited;
  await bob.notifications.set({ groups: "mentions", addKeywords: ["Cake"] });
  await tea.send("plain");
  const keyword = next(bob, "notification", ({ reason }) => reason === "keyword");
  await tea.send("there is cake");
  await keyword;
  await his.organise({ muted: true });
  const named = next(bob, "notification", ({ reason }) => reason === "muted");
  await tea.send("unheard");
  await mentioning();
  await named;
  expect(inShort(told)).toEqual([
    "one: alert message",
    "plain: silent mentionsOnly",
    "there is cake: alert keyword",
    `[bob](${bob.me.user}): silent muted`,
  ]);
  expect(own).toEqual([]);
  expect(await bob.notifications.unread()).toEqual({ messages: 1, mentions: 1 });
  await his.organise({ muted: false });
  expect(await bob.notifications.unread()).toEqual({ messages: 5, mentions: 1 });
  await bob.notifications.setLevel(his.id, "none");
  const quiet = { days: [0, 1, 2, 3, 4, 5, 6], from: "00:00", to: "00:00", timeZone: "UTC" };
  const rules = await bob.notifications.set({ addQuiet: [quiet], removeKeywords: ["Cake"] });
  expect(rules).toMatchObject({
    groups: "mentions",
    rooms: { [his.id]: { level: "none" } },
    keywords: [],
    quiet: [quiet],
  });
  const judged = { conversation: his.id, text: "cake", mention: true };
  expect(await bob.notifications.judge(judged)).toEqual({ level: "none", reason: "off" });
  await bob.notifications.setLevel(his.id, null);
  expect(await bob.notifications.judge(judged)).toEqual({ level: "silent", reason: "quietHours" });
  expect(await bob.notifications.judge({ ...judged, sender: bob.me.address })).toMatchObject({
    reason: "own",
  });
  await bob.notifications.set({
    removeQuiet: rules.quiet.map(({ id: one }) => one),
    groups: "all",
  });
  await expect(
    bob.notifications.set({ addQuiet: [{ ...quiet, timeZone: "Mars/Base" }] }),
  ).rejects.toMatchObject({ code: "malformed" });
});

test("R-111 what was read at another client is not told of at catching up, what is new is", async () => {
  const store = server.path("bob-phone");
  const phone = await server.open("bob", { store, login: true, password });
  await joinedBy(phone, tea.id);
  await phone.caughtUp();
  await phone.close();
  const { position } = await tea.send("read on the desk");
  await reads(bob, his.id, "read on the desk");
  await his.markRead(position);
  await tea.send("new for both");
  await reads(bob, his.id, "new for both");
  await bob.close();
  await using again = await server.open("bob", { store });
  const told = heard(again, "notification");
  const fresh = next(again, "notification", ({ text }) => text === "new for both");
  expect(await fresh).toMatchObject({
    level: "alert",
    reason: "message",
    address: alice.me.address,
  });
  expect(inShort(told)).toEqual(["new for both: alert message"]);
});
