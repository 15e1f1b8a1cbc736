import { decodeEntry } from "@treehouse/protocol";
import type { Entry } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import type { Rig } from "../delivery/rig.ts";
import { joinByWelcome, openPair } from "../delivery/rooms.ts";
import { rigOf } from "../hostile/rig-of.ts";
import { startWholeServer } from "../hostile/whole-server.ts";
import type { WholeServer } from "../hostile/whole-server.ts";
import { Device, Socket } from "../streams/stream-client.ts";

let server: WholeServer;
let rig: Rig;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  server = await startWholeServer();
  rig = rigOf(server);
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const deviceOf = ({ client, token }: Person): Device => new Device(server.url, client, token);

const entriesIn = (socket: Socket): readonly Entry[] =>
  socket.entries().map((bytes) => decodeEntry(bytes));

test("T-01 a client that is removed while it listens is sent the removing commit and nothing after", async () => {
  const [a, b] = await openPair(alice, bob);
  const [other] = await openPair(alice, bob);
  const socket = await deviceOf(bob).connect();
  await socket.caughtUp();
  const { position } = (await a.commit({ remove: [b.group.ownLeaf] })).head;
  await a.say("without bob");
  await a.commit({});
  await other.say("with bob");
  await socket.until(() => entriesIn(socket).some(({ room }) => room === other.room));
  const heard = entriesIn(socket).filter(({ room }) => room === a.room);
  expect(heard.at(-1)).toMatchObject({ kind: "commit", position });
  // From the start, from before and from behind the end: it stays so.
  for (const from of [0, position - 1, position, position + 2]) {
    const again = await deviceOf(bob).connect(
      [{ stream: a.room, position: from }],
      readyIn(socket).incarnation,
    );
    await other.say("and again");
    await again.until(() => entriesIn(again).some(({ room }) => room === other.room));
    const positions = entriesIn(again).filter(({ room }) => room === a.room);
    expect(positions.filter((entry) => entry.position > position)).toEqual([]);
    await again.close();
  }
});

test("a client that was added again is sent nothing of the time between, whatever cursor it names", async () => {
  const [a, b] = await openPair(alice, bob);
  const { position: removedAt } = (await a.commit({ remove: [b.group.ownLeaf] })).head;
  await a.say("between");
  const { position: addedAt } = (await a.commit({ add: [await bob.keyPackage()] })).head;
  const first = await deviceOf(bob).connect();
  await first.caughtUp();
  // The Welcome comes, and the room waits for it.
  expect(first.inboxEntries().length).toBeGreaterThan(0);
  await a.say("after");
  await first.close();
  await joinByWelcome(bob, a.hubKey);
  for (const from of [0, removedAt, removedAt + 1, addedAt]) {
    const socket = await deviceOf(bob).connect(
      [{ stream: a.room, position: from }],
      readyIn(first).incarnation,
    );
    await socket.until(() =>
      entriesIn(socket).some(({ room, position }) => room === a.room && position > addedAt),
    );
    const between = entriesIn(socket).filter(
      ({ room, position }) => room === a.room && position > removedAt && position <= addedAt,
    );
    expect(between).toEqual([]);
    await socket.close();
  }
});

test("T-39 a socket that is cut in the midst of what is sent to it ends nothing else", async () => {
  const [a, b] = await openPair(alice, bob);
  for (let count = 0; count < 10; count += 1) {
    const socket = await deviceOf(bob).connect();
    const submitted = Array.from({ length: 5 }, async () =>
      a.submit(await a.seal("x".repeat(9_000))),
    );
    socket.raw.ping();
    socket.send({
      type: "submit",
      requestId: 1,
      room: a.room,
      request: await b.seal("last words"),
    });
    socket.raw.terminate();
    for (const answer of await Promise.all(submitted)) expect(answer.refusal).toBeUndefined();
  }
  await b.sync();
  expect(b.texts).toHaveLength(50);
});

test("none of this was a fault of the server", () => {
  expect(server.faults()).toEqual([]);
});

function readyIn(socket: Socket) {
  const ready = socket.frames.find((frame) => frame.type === "ready");
  if (ready?.type !== "ready") throw new Error("not ready");
  return ready;
}
