import { frozenRoomsAnswerSchema, paths } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import { accepted, enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { foundRoom } from "../delivery/rooms.ts";
import { signedHeadOf } from "../delivery/signed-head.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

let pair: Pair;
let servers: TwoServers;
let bob: Person;

beforeEach(async () => {
  pair = await startPair();
  ({ servers, bob } = pair);
});

afterEach(() => pair[Symbol.asyncDispose]());

test("FED-952 an administrator sees which rooms are stopped, and nobody else thaws them", async () => {
  const [a] = await pair.openRoom();
  const admin = await enrolPerson(servers.follower, "admin", undefined, true);
  const frozen = async () => {
    const answer = accepted(await admin.request("GET", paths.federationFrozen(servers.hub.domain)));
    return frozenRoomsAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer.body))).rooms;
  };
  expect(await frozen()).toEqual([]);
  await servers.deliver(
    [],
    [await signedHeadOf(servers.hub, a.room, { hash: new Uint8Array(32).fill(7) })],
  );
  expect(await frozen()).toEqual([{ room: a.room, position: 1 }]);
  const asked = await bob.request("POST", paths.federationThaw(a.room));
  expect(asked.refusal?.code).toBe("notAllowed");
  const other = await foundRoom(bob);
  const own = await admin.request("POST", paths.federationThaw(other.room));
  expect(own.refusal?.code).toBe("unknownRoom");
  await servers.thaw(a.room);
  expect(await frozen()).toEqual([]);
  // Again it changes nothing.
  const before = await servers.follower.contents();
  await servers.thaw(a.room);
  expect(await servers.follower.contents()).toBe(before);
});

test("FED-417 it is told when a room is stopped, and which rooms are", async () => {
  const [a, b] = await pair.openRoom();
  const [other] = await pair.openRoom();
  const { stops } = servers.follower.delivery;
  const told: string[] = [];
  stops.onStopped((room) => told.push(room));
  expect(await stops.rooms()).toEqual([]);
  const lie = await signedHeadOf(servers.hub, a.room, { hash: new Uint8Array(32).fill(7) });
  await servers.deliver([], [lie]);
  expect([told, await stops.rooms()]).toEqual([[a.room], [a.room]]);
  // What comes later changes nothing, in this room and in others.
  await servers.deliver([], [lie]);
  await other.say("beside it");
  await servers.flush();
  expect([told, await stops.rooms()]).toEqual([[a.room], [a.room]]);
  await servers.thaw(b.room);
  expect(await stops.rooms()).toEqual([]);
});

test("FED-952 who writes into a stopped room is told so, and asks its hub for nothing", async () => {
  const [a, b] = await pair.openRoom();
  await servers.deliver(
    [],
    [await signedHeadOf(servers.hub, a.room, { hash: new Uint8Array(32).fill(7) })],
  );
  const before = await servers.hub.contents();
  const message = await b.submit(await b.seal("to nobody"));
  expect(message.refusal?.code).toBe("roomStopped");
  const commit = await b.update(b.bundle(await b.prepare({})));
  expect(commit.refusal?.code).toBe("roomStopped");
  expect(await servers.hub.contents()).toBe(before);
  await servers.thaw(a.room);
  expect(await b.say("to all")).toBe(2);
});
