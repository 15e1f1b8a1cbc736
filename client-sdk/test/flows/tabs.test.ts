/** The client's face in tabs: whatever crosses from one thread to another, and changes of who leads. */
import { readFileSync, writeFileSync } from "node:fs";

import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Message, SdkError } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTestTab } from "../world/tabs.ts";
import { joinedBy, next, reads } from "../world/waiting.ts";

let server: TestServer;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  bob = await server.register("bob");
});
afterAll(() => server[Symbol.asyncDispose]());

/** For a machine that has much to do. */
const patience = { timeout: 30_000 };

/** A tab of somebody's; all of one name have one store. */
const tabOf = (name: string, options: object = {}) =>
  openTestTab(
    { account: `${name}@localhost`, store: name, server: server.url, ...options },
    server.path(`${name}-tabs`),
  );
const register = (name: string) => tabOf(name, { password, register: {} });

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => "done",
    (error: unknown) => (error instanceof SdkError ? error.code : error),
  );

test("a tab has the whole face of the client, and what it refuses is an SdkError with its data", async () => {
  const alice = await register("alice");
  const shape = (value: object): unknown =>
    Object.fromEntries(
      Object.entries(value).map(([key, member]: [string, unknown]) => {
        const within = typeof member === "object" && member !== null;
        return [key, within ? shape(member) : typeof member];
      }),
    );
  const { me: own, ...face } = alice;
  const { me: _, ...theirs } = bob;
  expect(shape(face)).toEqual(shape(theirs));
  expect(own).toMatchObject({ address: "alice@localhost" });

  const room = await alice.conversations.create({ name: "Face", members: ["bob@localhost"] });
  expect(Object.keys(room).toSorted()).toEqual(
    Object.keys(await joinedBy(bob, room.id)).toSorted(),
  );
  expect(await room.info()).toMatchObject({ id: room.id, name: "Face" });
  const fault: unknown = await room.add(["nobody@localhost"]).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(SdkError);
  expect(fault).toMatchObject({ name: "SdkError", code: "unknownUser", help: expect.any(String) });
  // What cannot be cloned at all is the caller's fault.
  const odd: unknown = Reflect.apply(room.send, undefined, [Symbol("odd")]);
  await expect(odd).rejects.toMatchObject({ name: "SdkError", code: "malformed" });
  await alice.close();
  expect(await refusal(alice.conversations.list())).toBe("closed");
});

test("a loop asks for one message at a time, and ends with its signal", async () => {
  const carol = await register("carol");
  const room = await carol.conversations.create({ members: ["bob@localhost"] });
  const his = await joinedBy(bob, room.id);
  for (const text of ["one", "two", "three"]) await his.send(text);
  await reads(carol, room.id, "three");
  const controller = new AbortController();
  const got: string[] = [];
  for await (const { text } of carol.messages({ signal: controller.signal })) {
    got.push(text);
    if (text === "two") controller.abort();
  }
  expect(got).toEqual(["one", "two"]);
  // "two" was dealt with, for its loop went on.
  const rest: string[] = [];
  for await (const { text } of carol.messages({ drain: true })) rest.push(text);
  expect(rest).toEqual(["three"]);
  const left: string[] = [];
  await his.send("four");
  await reads(carol, room.id, "four");
  for await (const { text } of carol.messages()) {
    left.push(text);
    break;
  }
  for await (const { text } of carol.messages({ drain: true })) left.push(text);
  expect(left).toEqual(["four", "four"]);
  await carol.close();
});

test("callbacks are called in their tab, and a source is read from it piece by piece", async () => {
  const dave = await register("dave");
  const room = await dave.conversations.create({ members: [] });
  const content = Uint8Array.from({ length: 3_000_000 }, (_, at) => at % 251);
  const pieces: number[] = [];
  const progress: number[] = [];
  const link = await dave.assets.upload(
    {
      size: content.length,
      async read(offset, length) {
        pieces.push(offset);
        return content.slice(offset, offset + length);
      },
    },
    {
      access: { kind: "room", room: room.id },
      onProgress: ({ done }) => void progress.push(done),
    },
  );
  expect(pieces.length).toBeGreaterThan(1);
  await expect.poll(() => progress.at(-1), patience).toBe(content.length);
  const opened = await dave.assets.open(link);
  expect(opened.size).toBe(content.length);
  expect(await opened.read(1_000, 500)).toEqual(content.slice(1_000, 1_500));
  let length = 0;
  for await (const part of opened.stream({ offset: 2_000_000 })) length += part.length;
  expect(length).toBe(1_000_000);

  // A further client is let in by a code that is shown in the tab that asked.
  const shown = Promise.withResolvers<string>();
  const approval = {
    kind: "code" as const,
    show: ({ text }: { text: string }) => shown.resolve(text),
  };
  const opening = openTestTab(
    { account: "dave@localhost", store: "dave-2", server: server.url, login: true, approval },
    server.path("dave-2"),
  );
  const request = await dave.clients.review(await shown.promise);
  await dave.clients.approve(request);
  const other = await opening;
  expect(await other.clients.list()).toHaveLength(2);
  await other.close();
  await dave.close();
});

test("another tab takes over: calls, loops, conversations and events go on there", async () => {
  const first = await register("erin");
  const room = await first.conversations.create({ name: "Tabs", members: ["bob@localhost"] });
  const his = await joinedBy(bob, room.id);
  const second = await tabOf("erin");
  expect(await refusal(register("erin"))).toBe("conflict");
  expect(await refusal(tabOf("erin", { account: "bob@localhost" }))).toBe("accountMismatch");
  const theirs = await second.conversations.get("Tabs");
  const heard: Message[] = [];
  const listening = (async () => {
    for await (const message of second.messages()) {
      heard.push(message);
      if (message.text === "last") return;
    }
  })();
  const stored = next(second, "stored");
  await his.send("before");
  await stored;
  await expect.poll(() => heard.length, patience).toBe(1);
  const content = new Uint8Array(10);
  const access = { kind: "room", room: room.id } as const;
  const asset = await second.assets.open(await second.assets.upload(content, { access }));

  const states: string[] = [];
  second.on("state", ({ state }) => states.push(state));
  const leaving = first.close();
  // Asked for while nobody leads, and done by the one who comes.
  const sending = theirs.send("from the tab that stays");
  await leaving;
  expect(await refusal(sending)).toBe("done");
  await expect.poll(() => states.includes("live"), patience).toBe(true);
  await his.send("last");
  await listening;
  expect(heard.map(({ text }) => text)).toEqual(["before", "last"]);
  // What only the former worker had is told as such.
  expect(await refusal(asset.read(0, 10))).toBe("interrupted");
  const third = await tabOf("erin");
  expect(await third.conversations.list()).toHaveLength(1);
  await third.close();
  await second.close();
});

test("a tab whose next worker cannot open the store tells why, and is there again once it can", async () => {
  const first = await register("fay");
  const second = await tabOf("fay");
  const path = `${server.path("fay-tabs")}.key`;
  const key = readFileSync(path);
  writeFileSync(path, new Uint8Array(32));
  await first.close();
  expect(await refusal(second.conversations.list())).toBe("storeKeyWrong");
  writeFileSync(path, key);
  expect(await refusal(second.conversations.list())).toBe("done");
  await second.close();
});
