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
import { openTrio } from "../delivery/rooms.ts";

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

test("R-062 FED-1152 a client that was away for longer than its room waits is taken out, and no other", async () => {
  const [a, b, c] = await openTrio(alice, bob, carol);
  const patient = await openTrio(alice, bob, carol);
  const state = decodeRoomState(a.group.roomState());
  const waits = { component: LEAF_LIFETIME_COMPONENT, data: encodeLeafLifetime(10) };
  const others = [...state.otherComponents, waits].toSorted((x, y) => x.component - y.component);
  await a.commit({ roomState: encodeRoomState({ ...state, otherComponents: others }) });
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
