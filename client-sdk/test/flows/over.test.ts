/** What is asked of a client that can do nothing more until it is opened anew. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, next, reads } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let hers: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  await (await server.register("carol")).close();
  const [first] = await founded(alice, "Tea", [bob]);
  if (first === undefined) throw new Error("nobody is in the room");
  hers = first;
});

afterAll(() => server[Symbol.asyncDispose]());

/** Everything that waits for the server once it is stored. */
async function wishesIn(client: Client, text: string): Promise<readonly unknown[]> {
  const room = await client.conversations.get("Tea");
  const [message] = (await room.history()).filter(({ kind }) => kind === "message");
  if (message?.kind !== "message") throw new Error("no message");
  const calls = [
    () => room.send(text),
    () => room.react(message.id, "👍"),
    () => room.setAbout({ topic: text }),
    () => room.add(["carol@localhost"]),
    () => room.leave(),
  ];
  const outcomes: unknown[] = [];
  for (const call of calls) outcomes.push(await call().catch((error: unknown) => error));
  return outcomes;
}

test("a client that was opened offline refuses at once, and carries out later what it stored", async () => {
  await hers.send("hello");
  await reads(bob, hers.id, "hello");
  await bob.close();
  const offline = await server.open("bob", { offline: true });
  const refusal = {
    code: "offline",
    retryable: false,
    help: expect.stringContaining("is stored"),
    data: { stored: true },
  };
  const room = await offline.conversations.get("Tea");
  await expect(room.send("from the train")).rejects.toMatchObject(refusal);
  const [message] = (await room.history()).filter(({ kind }) => kind === "message");
  if (message?.kind !== "message") throw new Error("no message");
  await expect(room.react(message.id, "👍")).rejects.toMatchObject(refusal);
  const unstored = { code: "offline", data: { stored: false } };
  await expect(offline.conversations.create({ name: "New" })).rejects.toMatchObject(unstored);
  await expect(room.rejoin()).rejects.toMatchObject(unstored);
  await expect(offline.caughtUp()).rejects.toMatchObject(unstored);
  await offline.profile.set({ status: "on the train" });
  await offline.close();
  bob = await server.open("bob");
  await reads(alice, hers.id, "from the train");
});

test("a client whose session is over refuses at once, and carries out what it stored after a login", async () => {
  const told = next(alice, "loginRequired");
  await alice.logout();
  await told;
  const outcomes = await wishesIn(alice, "after the logout");
  const refusal = { code: "sessionEnded", retryable: false, data: { stored: true } };
  expect(outcomes).toMatchObject(outcomes.map(() => refusal));
  const unstored = { code: "sessionEnded", data: { stored: false } };
  await expect(alice.conversations.create({ name: "New" })).rejects.toMatchObject(unstored);
  await alice.profile.set({ status: "logged out" });
  await alice.close();
  alice = await server.open("alice", { password });
  await reads(bob, hers.id, "after the logout");
});

test("who waits for the server is told when the session ends, also on a client that is revoked", async () => {
  const second = await server.open("alice", { store: server.path("a2"), password, login: true });
  await second.caughtUp();
  const room = await second.conversations.create({ name: "Alone" });
  const told = next(second, "loginRequired");
  await alice.clients.revoke(second.me.client, { password });
  await told;
  await expect(room.send("late")).rejects.toMatchObject({ code: "sessionEnded" });
  await second.close();
  const again = server.open("alice", { store: server.path("a2"), password, login: true });
  await expect(again).rejects.toMatchObject({
    code: "unknownClient",
    help: expect.stringContaining("an empty store"),
  });
});
