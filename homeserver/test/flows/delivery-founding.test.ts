import {
  decodeRoomState,
  encodeRoomState,
  encodeSafeAad,
  foundRoomRequestCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LIMITS,
  paths,
  template,
  updateRequestCodec,
  utf8Encode,
  Writer,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { foundRoom, groupState, openPair, prepareFounding, reserve } from "../delivery/rooms.ts";
import { named, refusalsOf } from "../delivery/refusals.ts";
import type { Acts } from "../delivery/refusals.ts";
import { askGroupInfo } from "../delivery/external.ts";

let rig: Rig;
let alice: Person;
let bob: Person;
let mallory: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
  mallory = await enrolPerson(rig, "mallory");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

test("only whoever reserved a room founds it, with the group that was agreed", async () => {
  const names = await reserve(alice);
  const good = await prepareFounding(alice, names);
  const found = (person: Person, request: Bytes) => () =>
    person.request("POST", paths.found(names.room), request);
  const withState = async (state: Bytes, given = names) =>
    (await prepareFounding(alice, given, state)).request;
  const direct = template("direct", {
    founder: alice.user,
    peer: bob.user,
    hub: rig.domain,
    term: 1,
  });
  const group = decodeRoomState(groupState(alice));
  const other = await reserve(alice);
  const wrongKey = { ...names, hubKey: other.hubKey };
  const wrongGroup = { ...names, group: other.group };
  const byMallory = await prepareFounding(mallory, names, groupState(alice));
  const truncated = foundRoomRequestCodec.decode(good.request);
  const foundings: Acts = [
    ["malformed", found(alice, good.request.slice(0, -1))],
    ["unknownRoom", found(mallory, good.request)],
    ["clientMismatch", found(alice, byMallory.request)],
    ["notAllowed", found(alice, await withState(encodeRoomState(direct)))],
    ["notAllowed", found(alice, await withState(encodeRoomState({ ...group, term: 2 })))],
    ["notAllowed", found(alice, await withState(groupState(bob)))],
    ["invalidCommit", found(alice, await withState(groupState(alice), wrongKey))],
    ["invalidCommit", found(alice, await withState(groupState(alice), wrongGroup))],
    [
      "malformed",
      found(
        alice,
        foundRoomRequestCodec.encode({ ...truncated, ratchetTree: new Uint8Array([1, 0]) }),
      ),
    ],
    ["unknownRoom", () => alice.request("POST", paths.update(names.room), updateOf(good.request))],
  ];
  expect(await refusalsOf(rig, foundings)).toEqual(named(foundings));
  rig.advance(LIMITS.reservationMs + 1);
  const expired: Acts = [["reservationExpired", found(alice, good.request)]];
  expect(await refusalsOf(rig, expired)).toEqual(named(expired));
  await rig.delivery.maintain();
  const forgotten: Acts = [["unknownRoom", found(alice, good.request)]];
  expect(await refusalsOf(rig, forgotten)).toEqual(named(forgotten));
});

test("a user reserves a bounded number of rooms", async () => {
  const hoarder = await enrolPerson(rig, "hoarder");
  for (let count = 0; count < LIMITS.reservationsPerUserMax; count += 1) await reserve(hoarder);
  const full = await hoarder.request("POST", paths.rooms(), { template: "group" });
  expect(full.refusal).toMatchObject({
    code: "limitExceeded",
    data: { limitName: "reservationsPerUserMax", limit: LIMITS.reservationsPerUserMax },
  });
  const unknown = await hoarder.request("POST", paths.rooms(), { template: "palace" });
  expect(unknown.refusal?.code).toBe("malformed");
});

test("FED-260 FED-994 a GroupInfo goes to the client that signed for it, and to nobody else", async () => {
  const [a, b] = await openPair(alice, bob);
  const { request } = askGroupInfo(bob, a.room);
  const decoded = groupInfoRequestCodec.decode(request);
  const changed = (change: object) => groupInfoRequestCodec.encode({ ...decoded, ...change });
  const ask =
    (person: Person, body: Bytes, room = a.room) =>
    () =>
      person.request("POST", paths.groupInfo(room), body);
  const other = await foundRoom(bob);
  const requests: Acts = [
    ["malformed", ask(bob, request.slice(1))],
    ["notMember", ask(mallory, askGroupInfo(mallory, a.room).request)],
    ["clientMismatch", ask(alice, request)],
    ["identityInvalid", ask(bob, request, other.room)],
    ["identityInvalid", ask(bob, changed({ groupInfoPublicKey: new Uint8Array(32).fill(9) }))],
    ["identityInvalid", ask(bob, changed({ signature: new Uint8Array(64) }))],
    ["versionUnsupported", ask(bob, changed({ ciphersuite: 2 }))],
    ["identityInvalid", ask(bob, changed({ joiningCode: new Uint8Array(3) }))],
  ];
  expect(await refusalsOf(rig, requests)).toEqual(named(requests));
  const { body } = await ask(bob, request)();
  expect(groupInfoResponseCodec.decode(body)).toMatchObject({
    status: "success",
    hubKey: a.hubKey,
    hubCredential: { identity: utf8Encode(rig.domain) },
  });
  await bob.request("POST", paths.leave(b.room), {});
  const leaving: Acts = [["removed", ask(bob, request)]];
  expect(await refusalsOf(rig, leaving)).toEqual(named(leaving));
});

function updateOf(bytes: Bytes): Bytes {
  const { groupInfo } = foundRoomRequestCodec.decode(bytes);
  const writer = new Writer();
  writer.u16(1);
  writer.u16(1);
  writer.ascii("mimi://example.org/g/aaaaaaaaaaaaaaaaaaaaaaaaaa.0");
  writer.u64(0);
  writer.u8(1);
  writer.u32(0);
  writer.opaque(encodeSafeAad({ treehouse: undefined, others: [] }));
  writer.u8(3);
  return updateRequestCodec.encode({
    kind: "commit",
    commit: writer.finish(),
    groupInfo,
    welcome: undefined,
    firstMessage: undefined,
  });
}
