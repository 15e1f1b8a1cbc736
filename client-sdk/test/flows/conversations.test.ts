import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, SdkError } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;
let carol: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
  carol = await server.register("carol");
});

afterAll(async () => {
  for (const client of [alice, bob, carol]) await client.close();
  await server[Symbol.asyncDispose]();
});

test("the quick start: open, create, send, and answer every message", async () => {
  const me = bob;
  const answered = (async () => {
    for await (const m of me.messages()) {
      if (m.type !== "text") continue;
      const conversation = await me.conversations.get(m.conversation);
      await conversation.send(`got: ${m.text}`, { inReplyTo: m.id });
      return m;
    }
    throw new Error("the loop ended");
  })();
  const team = await alice.conversations.create({ name: "Team", members: ["bob@localhost"] });
  const sent = await team.send("hello from the other side");
  const got = await answered;
  expect(got).toMatchObject({ id: sent.id, senderAddress: "alice@localhost" });
  await reads(alice, team.id, "got: hello from the other side");
  const answer = (await team.history()).at(-1);
  expect(answer).toMatchObject({ kind: "message", inReplyTo: sent.id });
  // The loop was left during its turn, so the message counts as not handled and comes again.
  for await (const again of bob.messages({ drain: true })) expect(again.id).toBe(sent.id);
});

test("R-019 what is done at the same time by several all succeeds, in one order for all", async () => {
  const room = await alice.conversations.create({ name: "race", members: ["bob@localhost"] });
  const theirs = await joinedBy(bob, room.id);
  const rounds = 4;
  for (let round = 0; round < rounds; round += 1) {
    const joined = next(carol, "joined", (value) => value.room === room.id);
    await Promise.all([room.add(["carol@localhost"]), theirs.send(`from bob ${round}`)]);
    await joined;
    if (round % 2 === 0) {
      await Promise.all([room.remove(["carol@localhost"]), theirs.send(`again ${round}`)]);
      continue;
    }
    // Whoever sends commits the removal first, so that here both make a commit of one epoch.
    await (await carol.conversations.get(room.id)).leave();
    await Promise.all([alice.caughtUp(), bob.caughtUp()]);
    await Promise.all([room.send(`alice ${round}`), theirs.send(`again ${round}`)]);
  }
  await until(bob, async () => (await theirs.info()).epoch === (await room.info()).epoch);
  expect((await theirs.info()).epochAuthenticator).toBe((await room.info()).epochAuthenticator);
  await reads(alice, room.id, `again ${rounds - 1}`);
  await reads(bob, room.id, `alice ${rounds - 1}`);
  expect((await textsIn(room)).toSorted()).toEqual((await textsIn(theirs)).toSorted());
});

test("R-045 a pair has one direct conversation, whoever asks and however often", async () => {
  const [first, second] = await Promise.all([
    alice.conversations.dm("bob@localhost"),
    alice.conversations.dm("bob@localhost"),
  ]);
  expect(second.id).toBe(first.id);
  await joinedBy(bob, first.id);
  expect((await bob.conversations.dm("alice@localhost")).id).toBe(first.id);
  expect((await alice.conversations.dm("carol@localhost")).id).not.toBe(first.id);
});

test("somebody who does not exist is refused before anything is founded", async () => {
  const before = (await alice.conversations.list()).length;
  const wanted = alice.conversations.create({ members: ["nobody@localhost"] });
  await expect(wanted).rejects.toMatchObject({ name: "SdkError", code: "unknownUser" });
  expect((await alice.conversations.list()).length).toBe(before);
});

test("who was removed is told, sends nothing, and reads again once added again", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost", "carol@localhost"] });
  const theirs = await joinedBy(carol, room.id);
  await room.send("before");
  await reads(carol, room.id, "before");
  const told = next(carol, "removed", (value) => value.room === room.id);
  await room.remove(["carol@localhost"]);
  await told;
  await expect(theirs.send("after all")).rejects.toMatchObject({ code: "removed" });
  await room.send("without carol");
  const back = next(carol, "joined", (value) => value.room === room.id);
  await room.add(["carol@localhost"]);
  await back;
  await room.send("welcome back");
  await reads(carol, room.id, "welcome back");
  expect(await textsIn(theirs)).toEqual(["before", "welcome back"]);
  await theirs.send("thanks");
  await reads(alice, room.id, "thanks");
});

test("R-019 who was removed and added again while away reads what came before and after", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost", "carol@localhost"] });
  await joinedBy(carol, room.id);
  await carol.caughtUp();
  await carol.close();
  for (const round of [1, 2]) {
    await room.send(`inside ${round}`);
    await room.remove(["carol@localhost"]);
    await room.send(`without carol ${round}`);
    await room.add(["carol@localhost"]);
  }
  await room.send("inside again");
  carol = await server.open("carol");
  await carol.caughtUp();
  await reads(carol, room.id, "inside again");
  const theirs = await carol.conversations.get(room.id);
  expect(await textsIn(theirs)).toEqual(["inside 1", "inside 2", "inside again"]);
  expect((await theirs.history()).filter(({ kind }) => kind === "fault")).toEqual([]);
  expect((await theirs.info()).epochAuthenticator).toBe((await room.info()).epochAuthenticator);
});

test("a leaver's leaf is removed by an idle member, and by a sender before the message", async () => {
  for (const somebodySends of [false, true]) {
    const room = await alice.conversations.create({
      members: ["bob@localhost", "carol@localhost"],
    });
    const theirs = await joinedBy(carol, room.id);
    await joinedBy(bob, room.id);
    const gone = next(carol, "removed", (value) => value.room === room.id);
    await theirs.leave();
    // Alice knows of it from here on.
    await alice.caughtUp();
    if (somebodySends) await room.send("carol must not read this");
    await gone;
    const present = ["alice@localhost", "bob@localhost"];
    await until(alice, async () => (await room.members()).length === present.length);
    expect((await room.members()).map(({ address }) => address)).toEqual(present);
    expect(await textsIn(theirs)).toEqual([]);
  }
});

test("R-062 FED-754 whoever leaves as the last one is out, and keeps no keys", async () => {
  const room = await alice.conversations.create({ name: "alone" });
  const gone = next(alice, "removed", (value) => value.room === room.id);
  await room.leave();
  await gone;
  await expect(room.send("into the void")).rejects.toMatchObject({ code: "removed" });
  expect((await room.history()).filter(({ kind }) => kind === "fault")).toEqual([]);
});

test("a handler that throws sees the message again", async () => {
  const room = await alice.conversations.create({ members: ["bob@localhost"] });
  await room.send("try me");
  await reads(bob, room.id, "try me");
  const options = { drain: true, conversations: [room.id] };
  const failing = (async () => {
    for await (const { text } of bob.messages(options)) throw new Error(`cannot handle ${text}`);
  })();
  await expect(failing).rejects.toThrow("cannot handle try me");
  const seen: string[] = [];
  for await (const { text } of bob.messages(options)) seen.push(text);
  expect(seen).toEqual(["try me"]);
  for await (const { text } of bob.messages(options)) seen.push(text);
  expect(seen).toEqual(["try me"]);
});

test("everything the face gives can be cloned, and its errors carry code and data", async () => {
  const room = await alice.conversations.create({ name: "clones", members: ["bob@localhost"] });
  const sent = await room.send("clone me");
  await reads(bob, room.id, "clone me");
  const values: unknown[] = [sent, alice.me, await room.info(), await room.history()];
  values.push(await alice.conversations.list(), await alice.contacts.find("bob@localhost"));
  values.push(await alice.diagnose());
  for await (const message of bob.messages({ drain: true })) values.push(message);
  for (const value of values) expect(structuredClone(value)).toEqual(value);
  const tooLong = await room.send("x".repeat(70_000)).catch((error: unknown) => error);
  expect(tooLong).toBeInstanceOf(SdkError);
  if (!(tooLong instanceof SdkError)) return;
  const { code, retryable, help, data } = tooLong;
  expect(structuredClone({ code, retryable, help, data })).toMatchObject({
    code: "limitExceeded",
    retryable: false,
    data: { limitName: expect.any(String) },
  });
});

test("an empty name is no beginning of one, and several are told from none", async () => {
  await expect(alice.conversations.get("")).rejects.toMatchObject({
    code: "malformed",
    data: { field: "reference" },
  });
  // What stands behind the last slash of an address.
  await expect(alice.conversations.get("mimi://localhost/r/")).rejects.toMatchObject({
    code: "unknownRoom",
  });
  const twins = [await alice.conversations.create({ name: "Twin" })];
  twins.push(await alice.conversations.create({ name: "Twin" }));
  const [none, several] = await Promise.all(
    ["Nobody", "Twin"].map((name) =>
      alice.conversations.get(name).catch((error: unknown) => error),
    ),
  );
  expect(none).toMatchObject({ code: "unknownRoom", data: {} });
  expect(several).toMatchObject({
    code: "unknownRoom",
    message: '"Twin" may be one of 2 conversations',
    help: "Name one by its id: `conversations.list()` has them.",
    data: { ids: twins.map(({ id }) => id) },
  });
});
