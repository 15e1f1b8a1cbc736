import type { ServerFrame } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Message, type SearchOptions } from "../../src/node.ts";
import { type SqlValue, StoreFault } from "../../src/storage/index.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);

beforeAll(async () => {
  process.on("unhandledRejection", note);
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
});

afterAll(async () => {
  await alice.close();
  await bob.close();
  await server[Symbol.asyncDispose]();
  process.off("unhandledRejection", note);
});

test("R-047 what is sent while the server is away arrives once it is back", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await joinedBy(bob, room.id);
  const offline = next(alice, "state", ({ state }) => state === "offline");
  await server.stop();
  await offline;
  const sending = Promise.all(["one", "two", "three"].map((text) => room.send(text)));
  await server.start();
  const sent = await sending;
  expect(sent.map(({ position }) => position).toSorted((a, b) => a - b)).toHaveLength(3);
  await reads(bob, room.id, "three");
  expect(await textsIn(await bob.conversations.get(room.id))).toEqual(["one", "two", "three"]);
});

test("R-057 what came is on the disk before the server is told so, and forgets it", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await joinedBy(bob, room.id);
  await bob.close();
  let isSettled = true;
  let late = 0;
  const acknowledged: boolean[] = [];
  bob = await openTampered(server, "bob", {
    answer(frame) {
      if (frame.type === "acknowledge") acknowledged.push(isSettled);
      return undefined;
    },
    database: (database) => ({
      ...database,
      transaction(run, durability) {
        if (durability === "soon") {
          isSettled = false;
          late += 1;
        }
        return database.transaction(run, durability);
      },
      async settle() {
        await database.settle();
        isSettled = true;
      },
    }),
  });
  for (const text of ["one", "two", "three"]) await room.send(text);
  await reads(bob, room.id, "three");
  await bob.close();
  bob = await server.open("bob");
  expect(late).toBeGreaterThan(2);
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged).not.toContain(false);
});

test("closing with things in flight loses nothing that was asked for", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await joinedBy(bob, room.id);
  const loop = (async () => {
    const seen: Message[] = [];
    for await (const message of alice.messages()) seen.push(message);
    return seen;
  })();
  const sends = ["a", "b", "c", "d"].map((text) =>
    room.send(text).catch((error: unknown) => error),
  );
  const adding = room.add(["bob@localhost"]).catch((error: unknown) => error);
  const waiting = alice.caughtUp().catch((error: unknown) => error);
  // The wishes are stored in the first turns; their outcome is not known when the client closes.
  await room.history();
  await Promise.all([alice.close(), alice.close()]);
  const outcomes = [...(await Promise.all(sends)), await adding, await waiting];
  const failed = outcomes.filter((outcome) => outcome instanceof Error);
  expect(failed.map((error) => "code" in error && error.code)).toEqual(failed.map(() => "closed"));
  await loop;
  const late = [room.send("late"), room.info(), alice.conversations.list(), alice.caughtUp()];
  for (const call of late) await expect(call).rejects.toMatchObject({ code: "closed" });
  alice = await server.open("alice");
  await alice.caughtUp();
  await (await alice.conversations.get(room.id)).send("e");
  await reads(bob, room.id, "e");
  expect(await textsIn(await bob.conversations.get(room.id))).toEqual(["a", "b", "c", "d", "e"]);
});

test("T-12 the end of the session is told, and a login goes on where it stopped", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  const told = next(alice, "loginRequired");
  await alice.logout();
  await server.stop();
  await server.start();
  await told;
  await expect(alice.caughtUp()).rejects.toMatchObject({ code: expect.any(String) });
  await expect(room.send("kept for later")).rejects.toMatchObject({
    code: "sessionEnded",
    data: { stored: true },
  });
  await alice.close();
  await expect(server.open("alice")).rejects.toMatchObject({ code: "passwordRequired" });
  await expect(server.open("alice", { password: "wrong" })).rejects.toMatchObject({
    code: "loginFailed",
  });
  alice = await server.open("alice", { password });
  await reads(bob, room.id, "kept for later");
});

test("a store has one opener, one account and one key", async () => {
  await expect(server.open("alice")).rejects.toMatchObject({ code: "storeInUse" });
  await bob.close();
  const storeKey = new Uint8Array(32).fill(7);
  await expect(server.open("bob", { storeKey })).rejects.toMatchObject({ code: "storeKeyWrong" });
  const account = "alice@localhost";
  await expect(server.open("bob", { account })).rejects.toMatchObject({ code: "accountMismatch" });
  bob = await server.open("bob");
  await expect(server.open("nobody")).rejects.toMatchObject({ code: "noClientInStore" });
});

test("without a connection the history is there, and waiting for the server is refused", async () => {
  const room = await alice.conversations.create({ name: "later", members: ["bob@localhost"] });
  await room.send("remember me");
  await reads(bob, room.id, "remember me");
  await bob.close();
  bob = await server.open("bob", { offline: true });
  expect(await textsIn(await bob.conversations.get("later"))).toEqual(["remember me"]);
  await expect(bob.caughtUp()).rejects.toMatchObject({ code: "offline" });
  await bob.close();
  bob = await server.open("bob");
});

test("what the server has taken stands in the history, even if the client goes before its echo", async () => {
  let deaf = false;
  const tampering = {
    frame: (frame: ServerFrame) => (deaf && frame.type === "entry" ? [] : [frame]),
  };
  const dora = await openTampered(server, "dora", tampering, { password, register: {} });
  const room = await dora.conversations.create({ members: ["alice@localhost"] });
  await room.send("heard back");
  await dora.caughtUp();
  deaf = true;
  const { position } = await room.send("not heard back");
  const shown = await room.history({ limit: 1 });
  expect(shown).toMatchObject([{ kind: "message", text: "not heard back", position }]);
  expect(await room.history({ before: position, limit: 1 })).toMatchObject([
    { text: "heard back" },
  ]);
  await dora.close();
  const offline = await server.open("dora", { offline: true });
  const said = ["heard back", "not heard back"];
  expect(await textsIn(await offline.conversations.get(room.id))).toEqual(said);
  const found = async (client: Client, query: string, options?: SearchOptions) =>
    (await client.search(query, options)).hits.map(({ message }) => message.text);
  expect(await found(offline, "from:me heard")).toEqual(said.toReversed());
  expect(await found(offline, "-from:me heard")).toEqual([]);
  const { cursor } = await offline.search("heard", { limit: 1 });
  expect(await found(offline, "heard", { cursor })).toEqual(["heard back"]);
  await offline.close();
  const again = await server.open("dora");
  await again.caughtUp();
  expect(await textsIn(await again.conversations.get(room.id))).toEqual(said);
  expect(await found(again, "heard", { order: "best" })).toHaveLength(2);
  await again.close();
});

const noRoom = () => new StoreFault("storeFull", "there is no room left for the store");

test("a full disk of the store is told, and everything goes on once there is room", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await joinedBy(bob, room.id);
  await bob.close();
  let full = false;
  let refused = 0;
  bob = await openTampered(server, "bob", {
    database: (database) => ({
      ...database,
      async transaction(run) {
        if (!full) return database.transaction(run);
        refused += 1;
        throw noRoom();
      },
    }),
  });
  await bob.caughtUp();
  const theirs = await bob.conversations.get(room.id);
  full = true;
  await expect(theirs.send("no room")).rejects.toMatchObject({
    code: "storeFull",
    retryable: true,
  });
  const broken = next(bob, "state", ({ state }) => state === "offline");
  await room.send("came while the disk was full");
  await broken;
  full = false;
  await reads(bob, room.id, "came while the disk was full");
  await theirs.send("there is room again");
  await reads(alice, room.id, "there is room again");
  expect(refused).toBeGreaterThan(1);
  expect(await textsIn(room)).toEqual(["came while the disk was full", "there is room again"]);
});

test("nothing of all this has left a promise whose failure nobody sees", async () => {
  await alice.caughtUp();
  expect(unhandled).toEqual([]);
});

test("what a full disk kept a member from committing is committed once there is room", async () => {
  await bob.close();
  let full = false;
  let refused = 0;
  bob = await openTampered(server, "bob", {
    database: (database) => ({
      ...database,
      transaction: (run, durability) =>
        database.transaction((tx) => {
          const insert = (sql: string, ...values: readonly SqlValue[]) => {
            if (!full || !sql.includes("INSERT INTO intents")) return tx.run(sql, ...values);
            refused += 1;
            throw noRoom();
          };
          return run({ ...tx, run: insert });
        }, durability),
    }),
  });
  const room = await bob.conversations.create({ members: ["alice@localhost"] });
  const hers = await joinedBy(alice, room.id);
  full = true;
  await hers.leave();
  await expect.poll(() => refused, { timeout: 20_000 }).toBeGreaterThan(0);
  full = false;
  await until(bob, async () => (await room.members()).length === 1);
});
