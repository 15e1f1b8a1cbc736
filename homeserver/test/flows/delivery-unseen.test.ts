import {
  decodeRoomState,
  encodeLeafLifetime,
  encodeRoomState,
  LEAF_LIFETIME_COMPONENT,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { startPair } from "../delivery/pair.ts";
import { openTrio } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let carol: Person;
const dayMs = 24 * 3_600_000;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
  carol = await enrolPerson(rig, "carol");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** The room waits no longer for clients that nobody sees. */
async function waitTenDays(seat: Seat): Promise<void> {
  const state = decodeRoomState(seat.group.roomState());
  const waits = { component: LEAF_LIFETIME_COMPONENT, data: encodeLeafLifetime(10) };
  const others = [...state.otherComponents, waits].toSorted((x, y) => x.component - y.component);
  await seat.commit({ roomState: encodeRoomState({ ...state, otherComponents: others }) });
}

test("R-062 FED-1152 a client that was away for longer than its room waits is taken out, and no other", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const patient = await openTrio(alice, bob, carol);
  await waitTenDays(a);
  const look = async (): Promise<readonly number[]> => {
    await rig.delivery.settleUnseen();
    await Promise.all([a.sync(), b.sync()]);
    return b.group.pendingRemovals;
  };
  rig.advance(9 * dayMs);
  await Promise.all([a.sync(), b.sync()]);
  expect(await look()).toEqual([]);
  rig.advance(2 * dayMs);
  // Whoever asks is there; carol has not asked for eleven days.
  await Promise.all([a.sync(), b.sync()]);
  expect(await look()).toEqual([c.group.ownLeaf]);
  // Nothing is taken from it any more, and the next commit of any member takes it out.
  expect((await c.submit(await c.seal("back"))).refusal?.code).toBe("removed");
  await b.commit({ remove: [c.group.ownLeaf] });
  expect(b.group.members().map(({ user }) => user)).toEqual([alice.user, bob.user]);
  // A room that waits for ever has it still.
  const [p] = patient;
  await p.sync();
  expect(p.group.pendingRemovals).toEqual([]);
  expect(p.group.members().length).toBe(3);
});

test("R-062 FED-1153 the server of a client has it taken out at the hub, and tells no more than that", async () => {
  await using pair = await startPair();
  const { servers, alice: atHub } = pair;
  const [a, b] = await pair.openRoom();
  const [patient] = await pair.openRoom();
  await waitTenDays(a);
  await servers.flush();
  await b.sync();
  const look = async (): Promise<readonly number[]> => {
    await servers.follower.delivery.settleUnseen();
    await Promise.all([a.sync(), patient.sync()]);
    return a.group.pendingRemovals;
  };
  const pass = (days: number) => {
    for (const server of [servers.hub, servers.follower]) server.advance(days * dayMs);
  };
  pass(9);
  expect(await look()).toEqual([]);
  pass(2);
  expect(await look()).toEqual([b.group.ownLeaf]);
  expect(patient.group.pendingRemovals).toEqual([]);
  const { user, client } = b.person;
  const asked = servers.hub.delivery.hosted.leave({ user, client }, patient.room, "unseenClient");
  await expect(asked).rejects.toMatchObject({ code: "notAllowed" });
  await a.commit({ remove: [b.group.ownLeaf] });
  expect(a.group.members().map((one) => one.user)).toEqual([atHub.user]);
  // Nobody of the follower is there any more, and it asks for nothing.
  await servers.flush();
  expect(await look()).toEqual([]);
});
