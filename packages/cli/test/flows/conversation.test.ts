/**
 * One conversation over two homeservers that uses every kind of content, by the command line alone.
 * A further kind joins where the others are said (see `kinds`).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type FederatedServers, startServers } from "../../../../client-sdk/test/world/servers.ts";
import { webp } from "../../../testkit/src/stickers/index.ts";
import { password } from "../world/household.ts";
import { runWith } from "../world/terminal.ts";

const home = mkdtempSync(join(tmpdir(), "treehouse-conversation-"));
let servers: FederatedServers;

const urlOf = new Map<string, string>();

async function text(who: string, ...args: readonly string[]): Promise<string> {
  const env = {
    TREEHOUSE_HOME: home,
    TREEHOUSE_SERVER: urlOf.get(who) ?? "",
    TREEHOUSE_PASSWORD: password,
  };
  const { exit, out, err } = await runWith(["--context", who, ...args], { env });
  if (exit !== 0) throw new Error(`${who}: ${args.join(" ")} ended with ${exit}: ${err}`);
  return out;
}

/** A command that goes on until it is stopped. */
function runUntil(who: string, ...args: readonly string[]) {
  const interrupt = new AbortController();
  const env = { TREEHOUSE_HOME: home, TREEHOUSE_PASSWORD: password };
  const ended = runWith(["--context", who, ...args], { env, interrupted: interrupt.signal });
  return { ended, stop: () => interrupt.abort() };
}

const json = async (who: string, ...args: readonly string[]): Promise<unknown> =>
  JSON.parse(await text(who, ...args, "--json"));
const alice = (...args: readonly string[]) => json("alice", ...args);
const bob = (...args: readonly string[]) => json("bob", ...args);

const sentSchema = z.looseObject({ id: z.string(), position: z.int() });
const idOf = async (sent: Promise<unknown>): Promise<string> => sentSchema.parse(await sent).id;
const historySchema = z.object({ items: z.array(z.looseObject({ id: z.string().optional() })) });

/** Until somebody's store has a message as it is to be: between servers it takes as long as it takes. */
async function arrived(who: string, id: string, shape: object = {}): Promise<object> {
  for (;;) {
    await text(who, "tail");
    const { items } = historySchema.parse(await json(who, "history", "Tea"));
    const found = items.find((item) => item.id === id);
    if (found !== undefined && fits(found, shape)) return found;
  }
}

function fits(item: object, shape: object): boolean {
  try {
    expect(item).toMatchObject(shape);
    return true;
  } catch {
    return false;
  }
}

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  for (const [name, index] of [
    ["alice", 0],
    ["bob", 1],
  ] as const) {
    urlOf.set(name, servers.at(index).url);
    await json(name, "account", "register", `${name}@${servers.at(index).domain}`);
  }
  await alice("contact", "request", "bob@two.test");
  while (!(await text("bob", "contact", "ls")).includes("alice@one.test")) continue;
  await bob("contact", "accept", "alice@one.test");
  await mutual();
  const { id } = z
    .looseObject({ id: z.string() })
    .parse(await alice("group", "create", "Tea", "--add", "bob@two.test"));
  while (!(await text("bob", "group", "ls")).includes(id)) await text("bob", "tail");
});

afterAll(async () => {
  await servers[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

async function mutual(): Promise<void> {
  while (!(await text("alice", "contact", "ls")).includes("mutual")) continue;
}

/** Each kind of content: what somebody says, and what the other one has of it. */
const kinds: readonly (readonly [string, () => Promise<string>, object])[] = [
  [
    "an answer in Markdown, in a thread",
    async () => {
      const first = await idOf(alice("send", "Tea", "cake or pie?"));
      await arrived("bob", first);
      const options = ["--reply", first.slice(0, 12), "--thread", "sweets", "--markdown"];
      return idOf(bob("send", "Tea", "**cake**", ...options));
    },
    { text: "**cake**", format: "markdown", topic: "sweets", inReplyTo: expect.any(String) },
  ],
  [
    "everyone and somebody, named",
    () =>
      idOf(alice("send", "Tea", "--mention", "everyone", "--mention", "bob@two.test", "2 * 3 = 6")),
    { mentionsEveryone: true, mentions: ["bob@two.test"], format: "markdown" },
  ],
  [
    "a message that goes by itself",
    () => idOf(alice("send", "Tea", "for a week", "--ttl", "1w")),
    { text: "for a week", expiresAt: expect.any(Number) },
  ],
  [
    "one that goes after it was read",
    () => idOf(alice("send", "Tea", "read me", "--ttl-read", "1h")),
    { text: "read me" },
  ],
  [
    "a message of another conversation",
    async () => {
      await alice("group", "create", "Other");
      const { id } = sentSchema.parse(await alice("send", "Other", "from elsewhere"));
      return idOf(alice("send", "Tea", "--forward", id, "--from", "Other", "--name-source"));
    },
    { text: "from elsewhere", forwarded: { from: "alice@one.test" } },
  ],
  [
    "a poll",
    async () => {
      const options = ["--multiple", "--anonymous", "--for", "7d", "--thread", "sweets"];
      const id = await idOf(bob("poll", "create", "Tea", "Which?", "cake", "pie", ...options));
      await arrived("alice", id);
      expect(await alice("poll", "vote", "Tea", id, "1", "2")).toEqual({ id, choices: [0, 1] });
      await arrived("bob", id, { poll: { voters: 1 } });
      expect(await bob("poll", "close", "Tea", id.slice(0, 10))).toEqual({ id, ended: true });
      expect(await text("bob", "poll", "show", "Tea", id)).toContain("1. cake: 1\n2. pie: 1\n1 vo");
      return id;
    },
    { type: "poll", text: "Which?\n1. cake\n2. pie", poll: expect.any(Object) },
  ],
  [
    "a sticker of an own pack",
    async () => {
      const folder = join(home, "birds");
      mkdirSync(folder);
      writeFileSync(join(folder, "parrot.webp"), webp({ width: 512 }));
      await bob("sticker", "create", folder, "--title", "Birds");
      return idOf(bob("send", "Tea", "--sticker", "Birds/1", "--thread", "birds"));
    },
    { type: "sticker", topic: "birds", sticker: { mediaType: "image/webp" } },
  ],
  [
    "a pinned one, with a reaction, edited",
    async () => {
      const id = await idOf(alice("send", "Tea", "teh rules"));
      expect(await alice("pin", "Tea", id)).toEqual({ id, pinned: true });
      await arrived("bob", id, { pinned: true });
      await bob("react", "Tea", id, "🎂");
      await alice("edit", "Tea", id, "the rules");
      return id;
    },
    { pinned: true, text: "the rules", reactions: [{ emoji: "🎂", by: ["bob@two.test"] }] },
  ],
  [
    "one that was taken back",
    async () => {
      const id = await idOf(alice("send", "Tea", "never mind"));
      await alice("delete", "Tea", id);
      return id;
    },
    { type: "deleted", text: "" },
  ],
];

test.each(kinds)("R-046 over two servers, by the command line: %s", async (_, say, shape) => {
  const id = await say();
  for (const who of ["alice", "bob"]) {
    expect(await arrived(who, id, shape)).toMatchObject(shape);
  }
});

test("R-049 who sends may wait until it has reached everybody, and until all have read it", async () => {
  await bob("account", "set", "deliveryReceipts", "on");
  const reader = runUntil("bob", "tail", "--follow");
  await alice("send", "Tea", "there?", "--wait", "delivered", "--preview");
  reader.stop();
  await reader.ended;
  const sending = alice("send", "Tea", "and read?", "--wait", "read");
  do {
    await text("bob", "tail");
  } while (!(await text("bob", "history", "Tea")).includes("and read?"));
  await bob("group", "read", "Tea");
  expect(await sending).toMatchObject({ position: expect.any(Number) });
});

test("R-054 R-056 threads, pins, lifetimes and drafts have commands of their own", async () => {
  expect(await bob("thread", "ls", "Tea")).toMatchObject({
    threads: [
      { topic: "birds", messages: 1, following: true },
      { topic: "sweets", messages: 2, following: true },
    ],
  });
  expect(await alice("thread", "follow", "Tea", "sweets")).toEqual({
    topic: "sweets",
    following: true,
  });
  const shown = await text("alice", "thread", "show", "Tea", "sweets", "--limit", "5", "--read");
  expect(shown).toContain("bob@two.test: **cake**");
  await bob("thread", "leave", "Tea", "sweets");
  expect(await text("bob", "thread", "ls", "Tea")).toBe(
    "birds: 1 messages, 0 unread\nsweets: 2 messages\n",
  );

  const pinned = await idOf(alice("send", "Tea", "for now"));
  await alice("pin", "Tea", pinned);
  expect(await alice("unpin", "Tea", pinned)).toEqual({ id: pinned, pinned: false });

  expect(await alice("group", "ttl", "Tea", "4w")).toMatchObject({ lifetime: 28 * 86_400_000 });
  expect(await alice("group", "ttl", "Tea", "never")).toMatchObject({ lifetime: null });

  const stands = { status: "joined", health: { state: "ok" }, epoch: expect.any(Number) };
  expect(await alice("group", "epoch", "Tea")).toMatchObject(stands);
  expect(await alice("group", "rejoin", "Tea")).toMatchObject(stands);
  const { health: _health, ...fresh } = stands;
  expect(await alice("group", "reset", "Tea", "--reason", "new keys")).toMatchObject(fresh);

  const draft = { text: "dear all", inReplyTo: pinned };
  const args = ["draft", "Tea", "dear all", "--reply", pinned, "--thread", "sweets"];
  expect(await alice(...args)).toEqual({ draft });
  expect(await alice("draft", "Tea", "--thread", "sweets")).toEqual({ draft });
  expect(await alice("draft", "Tea", "--thread", "sweets", "--clear")).toEqual({ draft: null });

  const gone = alice("group", "handover", "Tea", "two.test", "--gone");
  await expect(gone).rejects.toThrow("hub answers");
  const moved = await alice("group", "handover", "Tea", "two.test");
  expect(moved).toMatchObject({ server: "two.test" });
  await alice("send", "Tea", "at the other server");
  expect(await text("alice", "history", "Tea")).toContain("server: two.test");
});
