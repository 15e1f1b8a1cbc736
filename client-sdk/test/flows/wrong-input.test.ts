/** What a program hands over by mistake is refused `malformed` with its field, and changes nothing. */
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  type Client,
  type Conversation,
  defineContent,
  describeMlsMessage,
  SdkError,
} from "../../src/node.ts";
import { malformed } from "../world/malformed.ts";
import { password, startServer, type TestServer } from "../world/server.ts";

let server: TestServer;
let alice: Client;
let room: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  await server.register("bob");
  room = await alice.conversations.create({ name: "Cakes", members: ["bob@localhost"] });
});
afterAll(() => server[Symbol.asyncDispose]());

/** As a program without a compiler calls it. */
function call(face: object, path: string, ...args: readonly unknown[]): unknown {
  const found = path
    .split(".")
    .reduce<unknown>((at, key) => (typeof at === "object" && at ? Reflect.get(at, key) : at), face);
  if (typeof found !== "function") throw new TypeError(`there is no ${path}`);
  return Reflect.apply(found, undefined, args);
}

const cut = "cut inside 😀".slice(0, -1);

const conversationCalls: readonly [path: string, args: readonly unknown[], field: string][] = [
  ["send", [cut], "said"],
  ["send", [5], "said"],
  ["send", [null], "said"],
  ["send", [{}], "said"],
  ["send", [{ file: "cake.png" }], "said.file"],
  ["send", ["cake", { format: "html" }], "options.format"],
  ["send", ["cake", { inReplyTo: "somewhere" }], "options.inReplyTo"],
  ["send", ["cake", { topic: cut }], "options.topic"],
  ["send", ["cake", null], "options"],
  ["rename", [cut], "name"],
  ["setAbout", [{ topic: 5 }], "change.topic"],
  ["setOwnName", [cut], "name"],
  ["silence", [["bob@localhost"], { until: Number.NaN }], "options.until"],
  ["silence", ["bob@localhost"], "addresses"],
  ["setLimits", [{ maxUsers: -1 }], "wish.maxUsers"],
  ["setLimits", [{ maxUsers: 3.5 }], "wish.maxUsers"],
  ["setLimits", [{ maxUsers: 1e30 }], "wish.maxUsers"],
  ["setLimits", [{ maxUsers: Number.NaN }], "wish.maxUsers"],
  ["defineRole", [{ name: "cook", allow: ["bake"] }], "wish.allow.0"],
  ["links.create", [{ lastsMs: Number.NaN }], "wanted.lastsMs"],
  ["add", ["bob@localhost"], "addresses"],
  ["search", [undefined], "query"],
  ["setDraft", [{ text: 5 }], "draft.text"],
  ["setDraft", [null], "draft"],
  ["organise", [{ muted: { until: Number.NaN } }], "wish.muted.until"],
  ["organise", [{ muted: { until: Number.POSITIVE_INFINITY } }], "wish.muted.until"],
  ["organise", [{ addLabels: "work" }], "wish.addLabels"],
];

test.for(conversationCalls)(
  "conversation.%s of %j names the field",
  async ([path, args, field]) => {
    await expect(call(room, path, ...args)).rejects.toEqual(malformed(field));
  },
);

const clientCalls: readonly [path: string, args: readonly unknown[], field: string][] = [
  ["search", [undefined], "query"],
  ["assets.open", ["x"], "link"],
  ["assets.upload", [new Uint8Array(3), { access: { kind: "everybody" } }], "options.access.kind"],
  ["assets.upload", ["octets", { access: { kind: "bearer" } }], "source"],
  ["profile.set", [{ avatar: new Uint8Array(3) }], "change.avatar.mediaType"],
  ["profile.set", [{ displayName: cut }], "change.displayName"],
  ["settings.set", [{ readReceipts: "no" }], "change.readReceipts"],
  ["settings.set", [{ readReceipt: false }], "change"],
  ["conversations.create", [{ members: "bob@localhost" }], "wanted.members"],
  ["contacts.setLabel", ["bob@localhost", cut], "label"],
  ["account.changePassword", [{ oldPassword: password, newPassword: cut }], "change.newPassword"],
];

test.for(clientCalls)("client.%s of %j names the field", async ([path, args, field]) => {
  await expect(call(alice, path, ...args)).rejects.toEqual(malformed(field));
});

test("what answers at once throws for wrong input, and a loop does", () => {
  expect(() => call(alice, "on", "joined", 5)).toThrow(SdkError);
  expect(() => call(alice, "messages", { conversations: room.id })).toThrow(SdkError);
  expect(() => call(alice, "history.export", { since: "yesterday" })).toThrow(SdkError);
});

test("a level of notifications that there is not is refused", async () => {
  const set = call(alice, "notifications.setLevel", room.id, "loud");
  await expect(set).rejects.toEqual(malformed("level"));
  expect((await alice.notifications.rules()).rooms).toEqual({});
});

test("nothing of what was refused has an effect", async () => {
  await room.setLimits({ maxUsers: 9 });
  await room.setDraft({ text: "a cake" });
  await expect(call(room, "setLimits", { maxUsers: Number.NaN })).rejects.toThrow(SdkError);
  await expect(call(room, "setDraft", { text: 5 })).rejects.toThrow(SdkError);
  expect((await room.policy()).maxUsers).toBe(9);
  expect(await room.draft()).toEqual({ text: "a cake" });
});

test("times that were computed may have a fraction", async () => {
  const until = Date.now() + 60_000.5;
  const { muted } = await room.organise({ muted: { until } });
  expect(muted).toBe(Math.ceil(until));
  await room.silence(["bob@localhost"], { until });
  const [silenced] = (await room.policy()).silenced;
  expect(silenced?.until).toBeGreaterThanOrEqual(Math.floor(until));
  const link = await room.links.create({ lastsMs: 60_000.5 });
  expect(Number.isInteger(link.expiresAt)).toBe(true);
});

test("a conversation's name is taken away by null", async () => {
  await room.setAbout({ name: null });
  expect((await room.info()).name).toBe("");
  await room.rename("Cakes");
  expect((await room.info()).name).toBe("Cakes");
});

test("an opened asset is read from a place in it, and from nowhere else", async () => {
  const link = await alice.assets.upload(new Uint8Array(9), { access: { kind: "bearer" } });
  const opened = await alice.assets.open(link);
  await expect(opened.read(Number.NaN, 3)).rejects.toEqual(malformed("offset"));
  await expect(opened.read(0, -1)).rejects.toEqual(malformed("length"));
  expect(() => opened.stream({ offset: 0.5 })).toThrow(SdkError);
  expect(await opened.read(3, 100)).toHaveLength(6);
});

test("what belongs to no client throws nothing else", () => {
  expect(() => defineContent("text/plain", { parse: String })).toThrow(SdkError);
  expect(() => describeMlsMessage(new Uint8Array(3))).toThrow(SdkError);
});
