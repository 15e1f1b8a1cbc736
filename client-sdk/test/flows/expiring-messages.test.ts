import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { withStore } from "../world/forge.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, reads, textsIn, until } from "../world/waiting.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

let server: TestServer;
let alice: Client;
let bob: Client;
let hers: Conversation;
let his: Conversation;
/** By how much Bob's clock is wrong. */
let clockMs = 0;

const openBob = async (options: { offline?: boolean } = {}): Promise<void> => {
  bob = await openTampered(server, "bob", { clockMs: () => clockMs }, options);
};

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  await (await server.register("bob")).close();
  await openBob();
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [hers, his] = [first, second];
});

afterAll(() => server[Symbol.asyncDispose]());

/** Everything of messages, wishes and notes that the key of a closed client's store opens. */
async function contentOf(name: string): Promise<string> {
  const bodies = await withStore(server.path(name), (store) =>
    store.transaction((tx) => [
      ...tx.intents.list().map(({ body }) => body),
      ...tx.rooms.list().flatMap(({ room }) => {
        const rows = tx.messages.contentsWithin(room, 0, 1e6);
        return [...rows, ...tx.messages.page(room, undefined, 1000)].map(({ body }) => body);
      }),
      Buffer.from(JSON.stringify(tx.accountData.list())),
    ]),
  );
  return bodies.map((body) => Buffer.from(body).toString("latin1")).join("\n");
}

async function reopenBob(look: () => Promise<void>): Promise<void> {
  await bob.close();
  await look();
  await openBob();
  his = await bob.conversations.get(his.id);
}

test("FED-836 a message goes at its time with all that was said to it, and no clock brings it back", async () => {
  const { id } = await hers.send("canary-one", { expiresIn: 10 * minute });
  await reads(bob, his.id, "canary-one");
  await his.react(id, "🐤");
  await hers.pin(id);
  await until(bob, async () => (await his.pinned()).length === 1);
  await his.setDraft({ text: "canary-draft", inReplyTo: id });
  await reopenBob(async () => expect(await contentOf("bob")).toContain("canary-one"));
  const expired = heard(bob, "expired");
  clockMs = 11 * minute;
  expect(await textsIn(his)).toEqual([]);
  expect(expired).toEqual([{ room: his.id, messages: [id] }]);
  expect(await his.pinned()).toEqual([]);
  expect(await his.draft()).toBeUndefined();
  clockMs = -day;
  expect(await textsIn(his)).toEqual([]);
  await reopenBob(async () => {
    const content = await contentOf("bob");
    for (const gone of ["canary-one", "canary-draft", "🐤"]) {
      expect(content).not.toContain(Buffer.from(gone).toString("latin1"));
    }
  });
  clockMs = 0;
});

test("FED-836 who was away is never shown what is over by then", async () => {
  await bob.close();
  await hers.send("canary-two", { expiresIn: 10 * minute });
  await hers.send("stays");
  clockMs = 20 * minute;
  await openBob();
  his = await bob.conversations.get(his.id);
  await bob.caughtUp();
  const handed: string[] = [];
  for await (const { text } of bob.messages({ drain: true })) handed.push(text);
  expect(handed).toEqual(["stays"]);
  expect(await textsIn(his)).toEqual(["stays"]);
  await reopenBob(async () => expect(await contentOf("bob")).not.toContain("canary-two"));
  clockMs = 0;
});

test("FED-836 a clock that is far ahead hides, and erases nothing that no server's time bears out", async () => {
  await hers.send("next week", { expiresIn: 7 * day });
  await reads(bob, his.id, "next week");
  clockMs = 365 * day;
  expect(await textsIn(his)).toEqual(["stays"]);
  await reopenBob(async () => expect(await contentOf("bob")).toContain("next week"));
  clockMs = 0;
  expect(await textsIn(his)).toEqual(["stays", "next week"]);
});

test("FED-836 what goes after reading waits for it, on whichever client that is", async () => {
  clockMs = 0;
  const { position } = await hers.send("read me", { expiresAfterRead: 10 * minute });
  await reads(bob, his.id, "read me");
  clockMs = 20 * minute;
  expect(await textsIn(his)).toContain("read me");
  await his.markRead(position);
  expect(await textsIn(his)).toContain("read me");
  // By what the store has seen before, a day has passed already: its time never sinks.
  clockMs = day + 11 * minute;
  expect(await textsIn(his)).not.toContain("read me");
});

test("FED-836 a conversation has a default, set by whose role permits it", async () => {
  await expect(his.setMessageLifetime(day)).rejects.toMatchObject({ code: "notAllowed" });
  await expect(hers.setMessageLifetime(1)).rejects.toMatchObject({ code: "limitExceeded" });
  expect(await his.messageLifetime()).toBeUndefined();
  await hers.setMessageLifetime(40 * day);
  await hers.send("by default");
  await reads(bob, his.id, "by default");
  expect(await his.messageLifetime()).toBe(40 * day);
  const [item] = await his.history({ limit: 1 });
  expect(item).toMatchObject({ text: "by default", expiresAt: expect.any(Number) });
  await hers.send("for good", { expiresIn: 0 });
  await hers.setMessageLifetime(undefined);
  await hers.send("for good as well");
  await reads(bob, his.id, "for good as well");
  const last = await his.history({ limit: 3 });
  const times = last.map((one) => (one.kind === "message" ? one.expiresAt : "none"));
  expect(times).toEqual([undefined, "none", undefined]);
});
