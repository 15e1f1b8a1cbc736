import {
  decodeRoomState,
  encodeRoomEnd,
  encodeRoomState,
  entriesPageCodec,
  decodeEntry,
  paths,
  ROOM_END_COMPONENT,
  type RoomState,
  submitMessageRequestCodec,
  TOMBSTONE_REASONS,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";

let rig: Rig;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

const ended = ({ group }: Seat, part: Partial<RoomState> = {}) => {
  const state = decodeRoomState(group.roomState());
  const end = { component: ROOM_END_COMPONENT, data: encodeRoomEnd() };
  return encodeRoomState({ ...state, otherComponents: [end], ...part });
};

test("R-060 FED-1150 FED-1151 a commit ends a room for all: what is refused, and what is left", async () => {
  const [a, b] = await openPair(alice, bob);
  const refused = async (seat: Seat, roomState: Uint8Array<ArrayBuffer>) =>
    (await seat.update(seat.bundle(await seat.prepare({ roomState })))).refusal?.code;
  expect(await refused(b, ended(b))).toBe("notAllowed");
  await b.group.discard();
  expect(await refused(a, ended(a, { metadata: Uint8Array.of(1) }))).toBe("invalidCommit");
  await a.group.discard();
  await b.say("the last word");
  await a.sync();

  const prepared = await a.prepare({ roomState: ended(a) });
  const bundle = a.bundle(prepared);
  const decoded = updateRequestCodec.decode(bundle);
  if (decoded.kind !== "commit") throw new Error("a commit");
  const ahead = await a.copy();
  await ahead.adopt(prepared);
  const said = submitMessageRequestCodec.decode(await a.seal("and one more", ahead));
  const talkative = updateRequestCodec.encode({ ...decoded, firstMessage: said });
  expect((await a.update(talkative)).refusal?.code).toBe("invalidCommit");

  const answer = await a.update(bundle);
  expect(answer.refusal).toBeUndefined();
  const response = updateRoomResponseCodec.decode(answer.body);
  if (response.code !== "success") throw new Error(response.code);
  // Sent again it has one effect and one answer; nothing else is taken from anybody.
  expect((await a.update(bundle)).body).toEqual(answer.body);
  expect((await b.submit(await b.seal("too late"))).refusal?.code).toBe("unknownRoom");
  expect((await b.person.request("POST", paths.leave(b.room), {})).refusal?.code).toBe(
    "unknownRoom",
  );
  // Both are given the commit and the end behind it, whenever they come.
  for (const seat of [a, b]) {
    const path = paths.entries(seat.room, { after: response.position - 1, limit: 10 });
    const { body } = await seat.person.request("GET", path);
    const entries = entriesPageCodec.decode(body).entries.map((bytes) => decodeEntry(bytes));
    expect(entries.map(({ kind }) => kind)).toEqual(["commit", "tombstone"]);
    expect(entries.at(-1)).toMatchObject({
      position: response.position + 1,
      reason: TOMBSTONE_REASONS.deleted,
      previous: response.head.head.hash,
      replaced: response.head.head.hash,
    });
  }
});
