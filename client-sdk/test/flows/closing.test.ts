import { LIMITS, paths } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { AssetSource, Client } from "../../src/node.ts";
import { content, whole } from "../world/contents.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  const alice = await server.register("alice");
  await alice.conversations.create({ name: "Files" });
  await alice.close();
});
afterAll(() => server[Symbol.asyncDispose]());

const access = { kind: "bearer" } as const;
const large = content(LIMITS.assetPartBytesMax / 2);

/** What has come of calls by the time at which the client is closed. */
async function closedAmid(
  client: Client,
  calls: readonly Promise<unknown>[],
): Promise<readonly unknown[]> {
  const outcomes: unknown[] = calls.map(() => "under way");
  for (const [index, call] of calls.entries()) {
    call.then(
      () => (outcomes[index] = "done"),
      (error: unknown) => (outcomes[index] = error),
    );
  }
  await client.close();
  return outcomes;
}

const closed = { code: "closed", help: expect.stringContaining("Ask for it again") };

test("transfers that wait for a server that is away end with the client", async () => {
  const alice = await server.open("alice");
  const room = await alice.conversations.get("Files");
  const link = await alice.assets.upload(large, { access });
  const opened = await alice.assets.open(link);
  await server.stop();
  const outcomes = await closedAmid(alice, [
    room.send({ file: large, name: "plan.pdf" }),
    alice.assets.upload(large, { access, resumeKey: "later" }),
    alice.assets.upload(large, { access, signal: new AbortController().signal }),
    alice.files.add({ file: large, name: "plan.pdf" }),
    alice.files.read({ link }),
    opened.read(0, 10),
    whole(opened.stream()),
    alice.assets.copy(link, access),
  ]);
  await server.start();
  expect(outcomes).toMatchObject(outcomes.map(() => closed));
});

test("transfers end with the client where a server does not answer, or a source", async () => {
  const asking = Promise.withResolvers<void>();
  const alice = await openTampered(server, "alice", {
    fetch(request, ask) {
      if (!request.url.endsWith(paths.assetUploadFinish())) return ask(request);
      asking.resolve();
      return new Promise(() => {});
    },
  });
  const silent: AssetSource = { size: 10, read: () => new Promise(() => {}) };
  const begun = alice.assets.upload(large, { access });
  await asking.promise;
  const outcomes = await closedAmid(alice, [begun, alice.assets.upload(silent, { access })]);
  expect(outcomes).toMatchObject([closed, closed]);
});

test("a client that is closed transfers nothing more", async () => {
  const alice = await server.open("alice");
  const link = await alice.assets.upload(large, { access });
  const opened = await alice.assets.open(link);
  await alice.close();
  const calls = [alice.assets.upload(large, { access }), opened.read(0, 10), alice.assets.usage()];
  for (const call of calls) await expect(call).rejects.toMatchObject(closed);
});

/** A client that holds back its requests to a path until it is closing; `asked` resolves with the first. */
async function holding(name: string, isHeld: (path: string) => boolean) {
  const asked = Promise.withResolvers<void>();
  const closing = Promise.withResolvers<void>();
  const client = await openTampered(server, name, {
    async fetch(request, ask) {
      if (isHeld(new URL(request.url).pathname)) {
        asked.resolve();
        await closing.promise;
      }
      return ask(request);
    },
  });
  const close = async () => {
    const ending = client.close();
    closing.resolve();
    await ending;
  };
  return { client, asked: asked.promise, close };
}

const outcomeOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);
const namesOf = async (client: Client) =>
  (await client.conversations.list()).map(({ name }) => name);

test("a conversation that was not stored before the client was closed is not said to be", async () => {
  const { client, asked, close } = await holding("alice", (path) => path === paths.rooms());
  const creating = outcomeOf(client.conversations.create({ name: "Never" }));
  await asked;
  await close();
  expect(await creating).toMatchObject({
    code: "closed",
    help: expect.stringContaining("not stored"),
    data: { stored: false },
  });
  await using again = await server.open("alice");
  await again.caughtUp();
  expect(await namesOf(again)).toEqual(["Files"]);
});

test("a conversation that is said to be stored is founded at the next opening", async () => {
  const { client, asked, close } = await holding("alice", (path) => path.endsWith("/found"));
  const creating = outcomeOf(client.conversations.create({ name: "Later" }));
  await asked;
  await close();
  expect(await creating).toMatchObject({
    code: "closed",
    help: expect.stringContaining("is stored"),
    data: { stored: true },
  });
  await using again = await server.open("alice");
  const room = await again.conversations.get("Later");
  expect(await room.send("hello")).toMatchObject({ conversation: room.id });
});

test("what is asked of a client that is closed is not said to be stored", async () => {
  const alice = await server.open("alice");
  const room = await alice.conversations.get("Files");
  await alice.close();
  const calls = [room.send("late"), room.leave(), alice.conversations.create({}), alice.caughtUp()];
  for (const call of calls) {
    const refusal = { code: "closed", data: { stored: false } };
    await expect(call).rejects.toMatchObject(refusal);
  }
});
