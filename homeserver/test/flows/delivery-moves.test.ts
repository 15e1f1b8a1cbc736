import {
  decodeEntry,
  decodeRoomState,
  encodeEntry,
  encodeRoomState,
  mintClientUri,
  movedDetail,
  parseDomain,
  paths,
  readMoved,
  Refusal,
  ROLES,
  takeOverRequestCodec,
  TOMBSTONE_REASONS,
  updateRequestCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { RefusalCode, RoomState } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import { accepted, enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import type { Seat } from "../delivery/seat.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

let pair: Pair;
let servers: TwoServers;
let alice: Person;
let bob: Person;
/** The hub can write nothing more. */
let broken: boolean;

beforeEach(async () => {
  broken = false;
  pair = await startPair({
    roomLog: (log) => ({
      ...log,
      async append(tx, entry) {
        if (broken) throw new Error("the hub's disk is gone");
        return log.append(tx, entry);
      },
    }),
  });
  ({ servers, alice, bob } = pair);
});

afterEach(async () => {
  await pair[Symbol.asyncDispose]();
});

async function codeOf(asking: Promise<unknown>): Promise<RefusalCode | "taken"> {
  try {
    await asking;
    return "taken";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

/** The state in which the follower is the hub, by its own word. */
async function offered(seat: Seat): Promise<RoomState> {
  const { hosted } = servers.follower.delivery;
  const { consent, ...named } = await hosted.offerHub(alice, seat.room);
  return { ...decodeRoomState(seat.group.roomState()), ...named, hubConsent: consent };
}

test("R-015 FED-1121 FED-1123 a server takes a room over for members alone, and from its hub alone", async () => {
  const [a] = await pair.openRoom();
  const { hosted } = servers.follower.delivery;
  const stranger = {
    ...alice,
    client: mintClientUri(alice.user, (length) => new Uint8Array(length)),
  };
  expect(await codeOf(hosted.offerHub(stranger, a.room))).toBe("notMember");
  expect(await codeOf(servers.hub.delivery.hosted.offerHub(alice, a.room))).toBe("notAllowed");
  const nothing = takeOverRequestCodec.encode({
    groupInfo: Uint8Array.of(1),
    ratchetTree: Uint8Array.of(0),
    removals: [],
    ranges: [],
    linkUses: [],
  });
  const hub = servers.hub.domain;
  const other = parseDomain("other.example");
  expect(await codeOf(hosted.takeOver(other, a.room, nothing))).toBe("notHub");
  expect(await codeOf(hosted.takeOver(hub, a.room, nothing))).toBe("notAllowed");
  const state = await offered(a);
  expect(await codeOf(hosted.takeOver(hub, a.room, nothing))).toBe("malformed");
  // It is the group as it is, with which nobody has named this server.
  const early = takeOverRequestCodec.encode({
    groupInfo: (await a.prepare({})).groupInfo,
    ratchetTree: a.group.ratchetTree(),
    removals: [],
    ranges: [],
    linkUses: [],
  });
  expect(await codeOf(hosted.takeOver(hub, a.room, early))).not.toBe("taken");
  // The same term has the same key, however often it is asked for.
  expect((await offered(a)).hubKey).toEqual(state.hubKey);
});

test("FED-1123 the hub accepts nothing that the new one is not ready for", async () => {
  const [a] = await pair.openRoom();
  const roomState = encodeRoomState(await offered(a));
  servers.cut = true;
  const prepared = await a.prepare({ roomState });
  expect((await a.update(a.bundle(prepared))).status).toBeGreaterThanOrEqual(500);
  await a.group.discard();
  servers.cut = false;
  await a.say("nothing has changed");
  await servers.flush();
  // Nor one by which somebody else comes.
  const carol = await enrolPerson(servers.hub, "carol");
  const adding = await a.prepare({ roomState, add: [await carol.keyPackage()] });
  expect((await a.update(a.bundle(adding))).status).toBe(422);
});

test("T-15 FED-1124 FED-1125 FED-1126 FED-1127 a former hub that goes on is refused", async () => {
  const [a] = await pair.openRoom();
  const said = await a.seal("before");
  expect((await a.submit(said)).status).toBe(200);
  await a.sync();
  await servers.flush();
  const roomState = encodeRoomState(await offered(a));
  const prepared = await a.prepare({ roomState });
  const handOver = a.bundle(prepared);
  expect((await a.update(handOver)).status).toBe(200);
  const sent = servers.outbox.splice(0).map(deliveryOf);
  const closing = sent.at(-1);
  if (closing === undefined) throw new Error("Nothing was sent.");
  const last = decodeEntry(closing.entry);
  expect(readMoved(last)).toMatchObject({ hub: servers.follower.domain, term: 2 });
  expect(await servers.deliver(sent)).toEqual([]);
  await servers.follower.delivery.close();

  // What the former hub says beyond its end, in its term or the next, is nobody's word.
  for (const term of [1, 2, 3]) {
    const more = { ...last, term, position: last.position + 1, reason: 4, detail: "" };
    const entry = encodeEntry(more);
    expect(await servers.deliver([{ ...closing, entry, head: undefined }])).toEqual(["notHub"]);
  }
  // What is repeated is answered as it was by the one that took it, and taken by the other one not once more.
  const former = servers.hub.delivery.hosted;
  const newest = servers.follower.delivery.hosted;
  expect(await codeOf(former.submit(alice, a.room, said))).toBe("taken");
  expect(await codeOf(former.update(alice, a.room, handOver))).toBe("taken");
  expect(await codeOf(newest.submit(alice, a.room, said))).toBe("epochTooOld");
  expect(await codeOf(newest.update(alice, a.room, handOver))).toBe("wrongEpoch");
  expect(await codeOf(former.leave(bob, a.room))).toBe("roomMoved");
  const events = await servers.hub.delivery.hosted.events(servers.follower.domain, a.room, {
    after: last.position - 1,
    limit: 10,
  });
  expect(events.entries).toEqual([closing.entry]);
  // The new one speaks for it, from where the log ended, in its own term.
  const head = await servers.follower.delivery.hosted.signedHead(a.room);
  expect(head?.head).toMatchObject({ term: 2, position: last.position, epoch: 2 });
});

test("T-15 FED-1125 FED-1137 a hub that gives its room away by itself is heard no more, and owners may", async () => {
  const [a] = await pair.openRoom();
  const state = decodeRoomState(a.group.roomState());
  const assignments = [alice, bob]
    .map(({ user }) => ({ user, role: ROLES.owner }))
    .toSorted((one, other) => (one.user < other.user ? -1 : 1));
  await a.commit({ roomState: encodeRoomState({ ...state, assignments }) });
  await servers.flush();
  if (a.hash === undefined) throw new Error("the log is not read");
  // It begins to hand the room over, and never comes to do it: that keeps nobody from anything.
  broken = true;
  const handOver = await a.prepare({ roomState: encodeRoomState(await offered(a)) });
  expect((await a.update(a.bundle(handOver))).status).toBe(500);
  await a.group.discard();
  const { publicKey: hubKey } = servers.hub.crypto.generateSignatureKeyPair();
  const given = encodeEntry({
    kind: "tombstone",
    ephemeral: false,
    room: a.room,
    generation: 0,
    term: 1,
    position: a.position + 1,
    previous: a.hash,
    acceptedAt: 1,
    reason: TOMBSTONE_REASONS.moved,
    replaced: a.hash,
    detail: movedDetail({ hub: parseDomain("nobody.example"), term: 2, hubKey }),
  });
  const item = { entry: given, head: undefined, groupInfo: undefined, welcomes: [] };
  expect(await servers.deliver([{ ...item, introduction: undefined }])).toEqual(["conflict"]);
  expect(await servers.follower.delivery.hosted.hub(a.room)).toBe(servers.hub.domain);
  const hub = servers.follower.domain;
  const asked = updateRequestCodec.encode({ kind: "claim", hub, endorsement: undefined });
  const answer = accepted(await bob.request("POST", paths.update(a.room), asked));
  const { position, hash } = a;
  expect(updateRoomResponseCodec.decode(answer.body)).toMatchObject({
    code: "claim",
    claim: { position, hash, hub, formerHub: servers.hub.domain },
  });
});
