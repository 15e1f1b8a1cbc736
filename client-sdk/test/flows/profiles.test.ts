import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let carol: Client;
let pair = "";
let choir = "";

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  carol = await server.register("carol");
  await befriend(alice, bob);
  pair = (await alice.conversations.dm("bob@localhost")).id;
  await joinedBy(bob, pair);
  choir = (await founded(alice, "Choir", [bob, carol]))[0]?.id ?? "";
});

afterAll(() => server[Symbol.asyncDispose]());

/** Sets something, and waits until it has come to each of these. */
async function said(change: Parameters<Client["profile"]["set"]>[0], to: readonly Client[]) {
  const heard = to.map((client) => next(client, "profile"));
  await alice.profile.set(change);
  await Promise.all(heard);
}

test("R-032 R-033 a contact sees what is for contacts, others in a room the name, and no server anything", async () => {
  const avatar = { mediaType: "image/png" as const, data: "iVBORw0KGgo" };
  await said(
    {
      displayName: "Alice canary-name",
      status: "canary-status",
      avatar,
      details: { phone: "canary-phone", diary: "canary-diary" },
      audiences: { "details.diary": "nobody" },
    },
    [bob, carol],
  );
  const whole = {
    displayName: "Alice canary-name",
    status: "canary-status",
    avatar,
    details: [{ kind: "phone", value: "canary-phone" }],
  };
  // The conversation of the two says more, and may come after the choir's.
  const seenByBob = () => bob.profile.of("alice@localhost");
  await until(bob, async () => (await seenByBob())?.status !== undefined);
  expect(await seenByBob()).toMatchObject(whole);
  const { changedAt: _, ...seen } = (await carol.profile.of("alice@localhost")) ?? {};
  expect(seen).toEqual({ displayName: "Alice canary-name", avatar });
  const room = await carol.conversations.get(choir);
  expect(await room.members()).toContainEqual({
    address: "alice@localhost",
    role: "owner",
    clients: [alice.me.client],
    displayName: "Alice canary-name",
  });
  // It is no message: nobody's history shows it.
  for (const client of [alice, carol]) {
    expect(await textsIn(await client.conversations.get(choir))).toEqual([]);
  }
  const data = join(server.directory, "data");
  const files = readdirSync(data).filter((name) => name.startsWith("treehouse.sqlite"));
  const bytes = files.map((name) => readFileSync(join(data, name)).toString("latin1"));
  expect(bytes.some((text) => text.includes("alice"))).toBe(true);
  expect(bytes.some((text) => text.includes("canary"))).toBe(false);
});

test("R-034 who was away sees what is new at the next opening, and never anything unreadable", async () => {
  await bob.close();
  await said({ displayName: "Alice the second" }, [carol]);
  bob = await server.open("bob");
  await until(
    bob,
    async () => (await bob.profile.of("alice@localhost"))?.displayName !== "Alice canary-name",
  );
  expect((await bob.profile.of("alice@localhost"))?.displayName).toBe("Alice the second");
});

test("R-034 who comes into a room later is told who the others are, without their saying anything", async () => {
  const dave = await server.register("dave");
  const hears = next(dave, "profile");
  await (await alice.conversations.get(choir)).add(["dave@localhost"]);
  expect(await hears).toMatchObject({ address: "alice@localhost" });
  expect((await dave.profile.of("alice@localhost"))?.displayName).toBe("Alice the second");
  await dave.close();
});

test("R-035 who is no contact any more sees nothing new, and a field taken from all is gone", async () => {
  await bob.contacts.remove("alice@localhost");
  await alice.contacts.remove("bob@localhost");
  await said({ status: "not for bob" }, [bob]);
  const { status, details } = (await bob.profile.of("alice@localhost")) ?? {};
  expect([status, details]).toEqual([undefined, undefined]);
  await said({ displayName: null }, [carol]);
  expect((await carol.profile.of("alice@localhost"))?.displayName).toBeUndefined();
});

test("R-043 somebody who is blocked is told nothing more, neither a profile nor what was read", async () => {
  await using dana = await server.register("dana");
  await using erin = await server.register("erin");
  const room = await dana.conversations.dm("erin@localhost");
  await (await joinedBy(erin, room.id)).send("read me");
  await reads(dana, room.id, "read me");
  await dana.contacts.block("erin@localhost");
  const { position } = await room.info();
  await dana.profile.set({ displayName: "Not for the blocked" });
  await room.markRead(position);
  await dana.caughtUp();
  // Whatever is said takes a position.
  expect((await room.info()).position).toBe(position);
  await dana.contacts.unblock("erin@localhost");
  const hears = next(erin, "profile");
  await room.send("again");
  await hears;
});

test("R-034 the user's own clients know it all, and say nothing twice", async () => {
  const phone = await server.open("alice", {
    store: server.path("alice-phone"),
    password,
    login: true,
  });
  await next(phone, "accountData", ({ record }) => record === "profile");
  const own = await alice.profile.get();
  expect(await phone.profile.get()).toEqual(own);
  expect(own.audiences).toMatchObject({ status: "contacts", "details.diary": "nobody" });
  await expect(phone.profile.set({ displayName: "\u202Eecila" })).rejects.toMatchObject({
    code: "malformed",
  });
  expect(await phone.profile.get()).toEqual(own);
  await phone.close();
});
