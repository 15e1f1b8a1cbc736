import { join } from "node:path";

import BetterSqlite3 from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { founded, heard, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let mallory: Client;
/** The same conversation, at Alice and at Mallory. */
let room: Conversation;
let mallorys: Conversation;

/**
 * Bob's own server has put another account in the place of his, with keys of its own, and Mallory,
 * who plays along, brings it into the conversation that Bob was in.
 */
beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  mallory = await server.register("mallory");
  const bob = await server.register("bob");
  const rooms = await founded(mallory, "Tea", [alice, bob]);
  if (rooms[0] === undefined || rooms[1] === undefined) throw new Error("three members");
  [mallorys, room] = [rooms[0], rooms[1]];
  await room.send("before");
  await reads(bob, room.id, "before");
  const left = next(mallory, "membership", ({ removed }) => removed.length > 0);
  await bob.account.delete({ password });
  await left;
  await server.stop();
  const database = new BetterSqlite3(join(server.directory, "data", "treehouse.sqlite"));
  database.prepare("DELETE FROM authentication_tombstones").run();
  database.close();
  await server.start();
  await (
    await server.register("bob", { store: join(server.directory, "false-bob.sqlite") })
  ).close();
});

afterAll(() => server[Symbol.asyncDispose]());

test("T-01 another identity key is refused, told, and kept apart until it is accepted", async () => {
  await mallory.caughtUp();
  const alarms = heard(mallory, "identityAlarm");
  await expect(mallory.contacts.find("bob@localhost")).rejects.toMatchObject({
    code: "identityInvalid",
  });
  expect(alarms).toEqual([
    expect.objectContaining({ kind: "keyChanged", address: "bob@localhost" }),
  ]);
  const bobs = async () =>
    (await mallory.contacts.identities()).find(({ address }) => address === "bob@localhost");
  expect(await bobs()).toMatchObject({ changed: true });
  await expect(mallorys.add(["bob@localhost"])).rejects.toMatchObject({ code: "identityInvalid" });
  const stale = { address: "bob@localhost", identityKey: "00".repeat(32) };
  await expect(mallory.contacts.acceptKey(stale)).rejects.toMatchObject({ code: "conflict" });
  await mallory.contacts.acceptKey(await mallory.contacts.safetyNumber("bob@localhost"));
  expect(await bobs()).toMatchObject({ changed: false });
  expect((await mallory.contacts.find("bob@localhost")).address).toBe("bob@localhost");
});

test("T-08 who is in with another key stops sending until it is accepted, and shows in the history", async () => {
  await alice.caughtUp();
  await alice.contacts.verify("mallory@localhost", await numberOf(mallory, alice));
  const alarm = next(alice, "identityAlarm");
  const fault = next(alice, "fault", ({ code }) => code === "identityChanged");
  await mallorys.add(["bob@localhost"]);
  expect(await alarm).toMatchObject({ kind: "keyChanged", address: "bob@localhost" });
  expect(await fault).toMatchObject({ room: room.id });
  expect((await room.history()).at(-1)).toMatchObject({
    kind: "membership",
    added: ["bob@localhost"],
    changedKeys: ["bob@localhost"],
  });
  await expect(room.send("to whom?")).rejects.toMatchObject({ code: "identityInvalid" });
  // What others write is read all the same.
  await mallorys.send("say it");
  await reads(alice, room.id, "say it");
  expect(await textsIn(room)).toEqual(["before", "say it"]);

  expect(await alice.settings.get()).toMatchObject({ blockOnKeyChange: true });
  await alice.settings.set({ blockOnKeyChange: false });
  await room.send("at my own risk");
  await alice.settings.set({ blockOnKeyChange: true });
  await expect(room.send("to whom?")).rejects.toMatchObject({ code: "identityInvalid" });
  await alice.contacts.acceptKey(await alice.contacts.safetyNumber("bob@localhost"));
  await room.send("accepted");
  await reads(mallory, room.id, "accepted");
  expect(await textsIn(room)).toEqual(["before", "say it", "at my own risk", "accepted"]);
});

test("T-08 a key that has changed is no longer one that was compared", async () => {
  await using carol = await server.register("carol");
  const [carols] = await founded(carol, "Two", [mallory]);
  if (carols === undefined) throw new Error("a conversation");
  expect(await carol.contacts.verify("mallory@localhost", await numberOf(mallory, carol))).toBe(
    "match",
  );
  await mallory.close();
  await server.stop();
  const database = new BetterSqlite3(join(server.directory, "data", "treehouse.sqlite"));
  for (const table of ["accounts", "client_lists", "clients", "sessions"]) {
    database.prepare(`DELETE FROM authentication_${table} WHERE name = 'mallory'`).run();
  }
  database.close();
  await server.start();
  await using other = await server.register("mallory", {
    store: join(server.directory, "false-mallory.sqlite"),
  });
  await expect(carol.contacts.find("mallory@localhost")).rejects.toMatchObject({
    code: "identityInvalid",
  });
  const safety = await carol.contacts.safetyNumber("mallory@localhost");
  expect(safety).toMatchObject({ changed: true });
  expect(safety.verifiedAt).toBeUndefined();
  // The number is that of the key to be judged; whoever stands behind it can show the same.
  expect(await carol.contacts.verify("mallory@localhost", await numberOf(other, carol))).toBe(
    "match",
  );
  const [settled] = await carol.contacts.identities();
  expect(settled).toMatchObject({ changed: false, verifiedAt: expect.any(Number) });
});

/** What one shows another to be scanned. */
async function numberOf(shower: Client, scanner: Client): Promise<string> {
  return (await shower.contacts.safetyNumber(scanner.me.address)).payload;
}
