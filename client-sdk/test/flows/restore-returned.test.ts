import { type ClientFrame, Refusal, refusedFrame, type ServerFrame } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { keepData } from "../world/old-data.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered } from "../world/tampered.ts";
import { founded, heard, next, reads, textsIn, until } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

async function register(...names: readonly string[]): Promise<readonly Client[]> {
  const made: Client[] = [];
  for (const name of names) made.push(await server.register(name));
  return made;
}

test("T-20 who was added after a restore counts for nobody as one who came back", async () => {
  const [alice, bob, carol, dave] = await register("alice", "bob", "carol", "dave");
  if (!alice || !bob || !carol || !dave) throw new Error("four");
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  // A commit that the server will have forgotten: whoever has applied it is ahead.
  await hers.add(["carol@localhost"]);
  await until(bob, async () => (await his.members()).length === 3);
  const { id } = await his.send("lost");
  await reads(alice, hers.id, "lost");
  await bob.close();
  const back = next(alice, "joined");
  const anew = next(dave, "restored");
  await old.putBack();
  await Promise.all([back, anew]);
  await dave.caughtUp();
  await hers.add(["dave@localhost"]);

  const late = await server.open("bob");
  const faults = heard(late, "fault");
  const told = next(late, "lostByServer");
  expect(await told).toEqual({ room: hers.id, messages: [id], sentAgain: true });
  expect(faults.map(({ code }) => code)).not.toContain("membersReturned");
  await reads(dave, hers.id, "lost");
}, 120_000);

test("R-019 what is owed to who came back is remembered by a client that is closed", async () => {
  const [alice, bob, dave] = await register("alice", "bob", "dave");
  if (!alice || !bob || !dave) throw new Error("three");
  const [hers] = await founded(alice, "Tea", [bob]);
  if (!hers) throw new Error("one");
  const old = await keepData(server);
  await hers.add(["dave@localhost"]);
  await hers.send("all here");
  await reads(bob, hers.id, "all here");
  await bob.close();
  const back = next(alice, "joined");
  await old.putBack();
  await back;
  await hers.send("while bob is away");
  const seen = next(alice, "membership", ({ by }) => by?.endsWith("/u/bob") === true);
  const late = await server.open("bob");
  await seen;
  await alice.close();
  await server.open("alice");
  await reads(late, hers.id, "while bob is away");
  const texts = await textsIn(await late.conversations.get(hers.id));
  expect(texts).toEqual(["all here", "while bob is away"]);
}, 120_000);

test("FED-957 what was sent again and is forgotten by a later restore goes out once more", async () => {
  const [alice, bob] = await register("alice", "bob");
  if (!alice || !bob) throw new Error("two");
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  const first = await keepData(server);
  const { id } = await hers.send("said in the first life");
  await reads(bob, hers.id, "said in the first life");
  await alice.close();
  const restored = next(bob, "restored");
  await first.putBack();
  await restored;
  // The second life has entries of its own before the message is sent again.
  await his.send("said in the second");
  const second = await keepData(server);
  const back = await server.open("alice");
  const again = await back.conversations.get(hers.id);
  await reads(back, hers.id, "said in the second");
  const marker = await again.send("behind it");
  const lost = next(back, "lostByServer");
  await second.putBack();
  expect((await lost).messages.toSorted()).toEqual([id, marker.id].toSorted());
}, 120_000);

test("T-14 FED-957 what others have read and a restored hub never answered is said again without alarm", async () => {
  const bob = await server.register("bob");
  let deaf = false;
  const ahead = new Refusal("aheadOfStream", "A position is acknowledged that does not exist yet.");
  let restored = false;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (deaf && (one.type === "entry" || one.type === "submitted")) return [];
    // What a room that is not settled yet says to an acknowledgement of before.
    return restored && one.type === "ready" ? [one, refusedFrame(0, ahead)] : [one];
  };
  const alice = await openTampered(server, "alice", { frame }, { password, register: {} });
  const [hers, his] = await founded(alice, "Tea", [bob]);
  if (!hers || !his) throw new Error("two");
  await hers.send("before");
  await reads(bob, hers.id, "before");
  const old = await keepData(server);
  await alice.caughtUp();
  deaf = true;
  const unheard = hers.send("unheard");
  await reads(bob, hers.id, "unheard");
  const orders = heard(bob, "senderOrder");
  const faults = heard(alice, "fault");
  await server.stop();
  deaf = false;
  restored = true;
  await old.putBack();
  await unheard;
  await hers.send("after");
  await reads(bob, hers.id, "after");
  expect(orders).toEqual([]);
  expect(faults.map(({ code }) => code)).not.toContain("serverBehind");
  for (const room of [hers, his])
    expect(await textsIn(room)).toEqual(["before", "unheard", "after"]);
}, 120_000);

test("FED-957 who is opened anew while a restored server settles is told of no secret", async () => {
  let restored = false;
  const ahead = new Refusal("aheadOfStream", "A position is acknowledged that does not exist yet.");
  const frame = (one: ServerFrame): readonly ServerFrame[] =>
    restored && one.type === "ready" ? [one, refusedFrame(0, ahead)] : [one];
  const alice = await openTampered(server, "alice", { frame }, { password, register: {} });
  await alice.caughtUp();
  const old = await keepData(server);
  const told = next(alice, "restored");
  await server.stop();
  restored = true;
  await old.putBack();
  await told;
  await alice.close();
  const again = await openTampered(server, "alice", { frame }, { account: alice.me.address });
  const faults = heard(again, "fault");
  await again.caughtUp();
  expect(faults).toEqual([]);
}, 120_000);

test("FED-957 a removal that was proposed and is forgotten holds nobody up", async () => {
  const eve = await server.register("eve");
  let refuses = false;
  const { promise: tried, resolve } = Promise.withResolvers<void>();
  const answer = (one: ClientFrame) => {
    if (!refuses || one.type !== "update") return undefined;
    resolve();
    return refusedFrame(one.requestId, new Refusal("unavailable", "not now"));
  };
  const alice = await openTampered(server, "alice", { answer }, { password, register: {} });
  const [hers, eves] = await founded(alice, "Tea", [eve]);
  if (!hers || !eves) throw new Error("two");
  const old = await keepData(server);
  await alice.caughtUp();
  await eve.caughtUp();
  refuses = true;
  await eves.leave();
  await tried;
  await eve.close();
  await server.stop();
  refuses = false;
  await old.putBack();
  await hers.send("nobody waits");
  expect((await hers.members()).map(({ address }) => address).toSorted()).toEqual([
    "alice@localhost",
    "eve@localhost",
  ]);
}, 120_000);

test("T-20 the record of what was done goes on from what a restored hub has, for the last too", async () => {
  const [alice, bob, carol, gina] = await register("alice", "bob", "carol", "gina");
  if (!alice || !bob || !carol || !gina) throw new Error("four");
  const [hers, his] = await founded(alice, "Tea", [bob, carol]);
  if (!hers || !his) throw new Error("two");
  const old = await keepData(server);
  await carol.caughtUp();
  await carol.close();
  await gina.caughtUp();
  await hers.add(["gina@localhost"]);
  await hers.send("all here");
  await reads(bob, hers.id, "all here");
  await alice.close();
  const back = next(bob, "joined");
  await old.putBack();
  // Between what the hub has and her return there is one commit, as in what it forgot.
  await back;
  const witness = await server.open("carol");
  const faults = heard(witness, "fault");
  await gina.caughtUp();
  await server.open("alice");
  const seen = await witness.conversations.get(hers.id);
  await until(witness, async () => (await seen.members()).length === 4);
  expect(faults.map(({ code }) => code)).not.toContain("auditMismatch");
}, 120_000);

// Eve's own client would leave by itself: she is away, and carol, who was, shows what was sent.
test("T-20 what was on its way is not sent to who came back, until the user says so", async () => {
  const [alice, bob, carol, eve] = await register("alice", "bob", "carol", "eve");
  if (!alice || !bob || !carol || !eve) throw new Error("four");
  const [hers, his] = await founded(alice, "Tea", [bob, carol, eve]);
  if (!hers || !his) throw new Error("two");
  await Promise.all([carol.close(), eve.close()]);
  const old = await keepData(server);
  await hers.remove(["eve@localhost"]);
  const { id } = await his.send("not for eve");
  await reads(alice, hers.id, "not for eve");
  // The only one who may remove eve is away.
  await alice.close();
  await server.stop();
  his.send("nor is this").catch(() => undefined);
  const lost = next(bob, "lostByServer");
  await old.putBack();
  const told = await lost;
  expect(told).toMatchObject({ room: hers.id, sentAgain: false });
  expect(told.messages).toHaveLength(2);
  expect(told.messages).toContain(id);
  await his.send("hello, eve");
  const back = await server.open("carol");
  await reads(back, hers.id, "hello, eve");
  const carols = await back.conversations.get(hers.id);
  expect(await textsIn(carols)).toEqual(["hello, eve"]);

  // It is remembered, and told again, by a client that was closed meanwhile.
  await bob.close();
  const again = await server.open("bob");
  const waiting = await next(again, "lostByServer");
  expect(waiting.messages).toEqual(told.messages.filter((one) => one !== id));
  const his2 = await again.conversations.get(hers.id);
  await server.open("alice");
  await until(again, async () => (await his2.members()).length === 3);
  for (const message of told.messages) await his2.sendAgain(message);
  await reads(back, hers.id, "nor is this");
  const texts = ["hello, eve", "not for eve", "nor is this"];
  expect((await textsIn(carols)).toSorted()).toEqual(texts.toSorted());
}, 120_000);

test("T-20 when who came back cannot be removed, nothing of before is sent unasked", async () => {
  const [bob, eve] = await register("bob", "eve");
  if (!bob || !eve) throw new Error("two");
  let refuses = false;
  const alice = await openTampered(
    server,
    "alice",
    {
      answer(frame) {
        if (!refuses || frame.type !== "update") return undefined;
        return refusedFrame(frame.requestId, new Refusal("notAllowed", "no"));
      },
    },
    { password, register: {} },
  );
  await alice.caughtUp();
  const [hers] = await founded(alice, "Tea", [bob, eve]);
  if (!hers) throw new Error("one");
  await Promise.all([bob.close(), eve.close()]);
  const old = await keepData(server);
  await hers.remove(["eve@localhost"]);
  const { id } = await hers.send("not for eve");
  const told = heard(alice, "lostByServer");
  alice.on("joined", () => (refuses = true));
  const given = next(alice, "lostByServer", ({ sentAgain }) => !sentAgain);
  await old.putBack();
  expect(await given).toEqual({ room: hers.id, messages: [id], sentAgain: false });
  expect(told.map(({ sentAgain }) => sentAgain)).toEqual([true, false]);
  await hers.send("hello, eve");
  const back = await server.open("bob");
  await reads(back, hers.id, "hello, eve");
  const his = await back.conversations.get(hers.id);
  expect(await textsIn(his)).toEqual(["hello, eve"]);
  refuses = false;
  await hers.remove(["eve@localhost"]);
  expect((await hers.sendAgain(id)).id).toBe(id);
  await reads(back, hers.id, "not for eve");
}, 120_000);
