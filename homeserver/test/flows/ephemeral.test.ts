import {
  copyBytes,
  decodeEntry,
  ephemeralMessageCodec,
  LIMITS,
  RATE_LIMITS,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  updateRequestCodec,
  utf8Decode,
} from "@treehouse/protocol";
import type { Bytes, Entry } from "@treehouse/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { refusalsOf, named } from "../delivery/refusals.ts";
import type { Acts } from "../delivery/refusals.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";
import { rigOf } from "../hostile/rig-of.ts";
import { startWholeServer } from "../hostile/whole-server.ts";
import type { WholeServer } from "../hostile/whole-server.ts";
import { Device } from "../streams/stream-client.ts";
import type { Socket } from "../streams/stream-client.ts";

describe("with sockets", () => {
  let server: WholeServer;
  let alice: Person;
  let bob: Person;

  beforeAll(async () => {
    server = await startWholeServer();
    alice = await enrolPerson(rigOf(server), "alice");
    bob = await enrolPerson(rigOf(server), "bob");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const listen = async ({ client, token }: Person): Promise<Socket> => {
    const socket = await new Device(server.url, client, token).connect();
    await socket.caughtUp();
    return socket;
  };

  test("FED-858 an ephemeral message reaches who is connected, and is kept nowhere", async () => {
    const [a, b] = await openPair(alice, bob);
    const [hers, his] = [await listen(alice), await listen(bob)];
    const answer = await a.submit(await a.whisper("typing"));
    const response = submitMessageResponseCodec.decode(answer.body);
    expect(response).toMatchObject({ status: "accepted", position: 0 });
    for (const socket of [hers, his]) {
      await socket.until(() => passingIn(socket, a).length > 0);
    }
    const [entry] = passingIn(his, a);
    if (entry === undefined || response.status !== "accepted") throw new Error("nothing came");
    expect(entry).toMatchObject({ position: 0, acceptedAt: response.acceptedAt, term: 1 });
    const now = response.acceptedAt;
    const opened = await b.group.openEphemeral(entry.message, { acceptedAt: now, now });
    expect([opened.client, utf8Decode(opened.content)]).toEqual([alice.client, "typing"]);
    await his.close();
    const again = await listen(bob);
    await a.say("kept");
    await again.until(() => entriesIn(again, a).some(({ kind }) => kind === "application"));
    expect(passingIn(again, a)).toEqual([]);
    await again.close();
    await hers.close();
  });

  test("over the socket it has an answer as well", async () => {
    const [a] = await openPair(alice, bob);
    const socket = await listen(alice);
    const request = await a.whisper("typing");
    socket.send({ type: "submit", requestId: 7, room: a.room, request });
    await socket.until(() => passingIn(socket, a).length > 0);
    await socket.until((frames) => frames.some(({ type }) => type === "submitted"));
    const answer = socket.frames.find((frame) => frame.type === "submitted");
    expect(answer).toMatchObject({ requestId: 7 });
    await socket.close();
  });
});

test("R-050 a thousand of them leave every table as it was, and beyond the rate one hears when to go on", async () => {
  await using rig = await startRig();
  const passed: Bytes[] = [];
  rig.queuing.notify({ ...nobody, passed: (_, bytes) => void passed.push(new Uint8Array(bytes)) });
  const [alice, bob] = await enrolAll(rig);
  const [a, b] = await openPair(alice, bob);
  const before = await rig.contents();
  let sent = 0;
  for (let round = 0; round < 2; round += 1) {
    for (const seat of [a, b]) {
      const request = await seat.whisper("typing");
      const answers = await Promise.all(Array.from({ length: 250 }, () => seat.submit(request)));
      expect(answers.flatMap(({ refusal }) => refusal ?? [])).toEqual([]);
      sent += answers.length;
    }
    rig.advance(RATE_LIMITS.ephemeralPerClient.perMs);
  }
  expect(passed).toHaveLength(sent);
  expect(sent).toBe(1_000);
  const request = await a.whisper("typing");
  const attempts = Array.from({ length: RATE_LIMITS.ephemeralPerClient.count });
  let refusal: Awaited<ReturnType<Seat["submit"]>>["refusal"];
  while (refusal === undefined) {
    const answers = await Promise.all(attempts.map(() => a.submit(request)));
    refusal = answers.find((answer) => answer.refusal !== undefined)?.refusal;
  }
  expect(refusal).toMatchObject({
    code: "rateLimited",
    data: { limitName: "ephemeralPerClient", limit: RATE_LIMITS.ephemeralPerClient.count },
  });
  expect(refusal.data.retryAfterMs).toBeGreaterThan(0);
  expect(await rig.contents()).toBe(before);
  // Messages have a rate of their own.
  expect(await a.say("still heard")).toBeGreaterThan(0);
  expect(rig.faults).toEqual([]);
});

test("FED-860 what a hub does not pass on is refused, each with its reason, and nothing changes", async () => {
  await using rig = await startRig();
  const passed: Bytes[] = [];
  rig.queuing.notify({ ...nobody, passed: (_, bytes) => void passed.push(copyBytes(bytes)) });
  const [alice, bob, carol] = await enrolAll(rig);
  const [a, b] = await openPair(alice, bob);
  const [other] = await openPair(alice, carol);
  const [old, elsewhere] = [await a.whisper("old"), await other.whisper("elsewhere")];
  const { message } = submitMessageRequestCodec.decode(await a.whisper("typing"));
  const sealed = ephemeralMessageCodec.decode(message);
  const asked = (changes: { readonly message?: Bytes; readonly from?: Person }): Bytes =>
    submitMessageRequestCodec.encode({
      ephemeral: true,
      message: changes.message ?? message,
      sendingUri: (changes.from ?? alice).user,
    });
  const cut = copyBytes(message).slice(0, 90);
  const large = new Uint8Array(LIMITS.ephemeralMessageBytesMax + 1);
  const ahead = ephemeralMessageCodec.encode({ ...sealed, epoch: sealed.epoch + 1 });
  const acts: Acts = [
    ["tooLarge", () => a.submit(asked({ message: large }))],
    ["malformed", () => a.submit(asked({ message: cut }))],
    ["clientMismatch", () => a.submit(asked({ from: bob }))],
    ["invalidMessage", () => a.submit(elsewhere)],
    ["epochAhead", () => a.submit(asked({ message: ahead }))],
  ];
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
  expect(passed).toEqual([]);
  await a.commit({});
  await b.sync();
  // Of an epoch that has just ended it is passed on, of one that ended long ago it is not.
  expect((await a.submit(old)).refusal).toBeUndefined();
  rig.advance(LIMITS.epochWindowMs + 1);
  const late: Acts = [["epochTooOld", () => a.submit(old)]];
  expect(await refusalsOf(rig, late)).toEqual(named(late));
  await a.commit({ remove: [b.group.ownLeaf] });
  const gone: Acts = [["notMember", async () => b.submit(await b.whisper("gone"))]];
  expect(await refusalsOf(rig, gone)).toEqual(named(gone));
  expect(passed).toHaveLength(1);
});

test("FED-860 it does not come as the first message of a commit", async () => {
  await using rig = await startRig();
  const [alice, bob] = await enrolAll(rig);
  const [a] = await openPair(alice, bob);
  const bundle = updateRequestCodec.decode(a.bundle(await a.prepare({})));
  if (bundle.kind !== "commit") throw new Error("no commit");
  const firstMessage = submitMessageRequestCodec.decode(await a.whisper("typing"));
  const { message } = submitMessageRequestCodec.decode(await a.seal("a message"));
  const flagged = { firstMessage: { ...firstMessage, message } };
  const acts: Acts = [
    ["malformed", () => a.update(updateRequestCodec.encode({ ...bundle, firstMessage }))],
    ["malformed", () => a.update(updateRequestCodec.encode({ ...bundle, ...flagged }))],
  ];
  expect(await refusalsOf(rig, acts)).toEqual(named(acts));
});

const nobody = {
  appended() {},
  passed() {},
  jumped() {},
  subscriptionChanged() {},
  clientDeleted() {},
};

const enrolAll = (rig: Rig) =>
  Promise.all([enrolPerson(rig, "alice"), enrolPerson(rig, "bob"), enrolPerson(rig, "carol")]);

function entriesIn(socket: Socket, { room }: Pick<Seat, "room">): readonly Entry[] {
  return socket
    .entries()
    .map((bytes) => decodeEntry(bytes))
    .filter((entry) => entry.room === room);
}

function passingIn(socket: Socket, seat: Seat) {
  return entriesIn(socket, seat).flatMap((entry) =>
    entry.kind === "application" && entry.ephemeral ? [entry] : [],
  );
}
