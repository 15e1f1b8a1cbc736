/** Who is believed that says it is a room's hub now, because the one of before is gone (FED-1138). */
import { createGroup } from "@treehouse/mls/member";
import {
  chainHashOf,
  compareClaims,
  decodeEntry,
  decodeRoomState,
  encodeEntry,
  encodeRoomState,
  firstPositionOf,
  groupUriOf,
  nextGeneration,
  parseDomain,
  ROLES,
  roomView,
  signGenerationClaim,
  signHead,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import type {
  Domain,
  EntryDelivery,
  GenerationClaim,
  RefusalCode,
  RoomState,
} from "@treehouse/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../src/platform/index.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import type { Rig } from "../delivery/rig.ts";
import type { Seat } from "../delivery/seat.ts";

const [third, fourth] = [parseDomain("third.example"), parseDomain("fourth.example")];

let pair: Pair;
let owners: readonly Person[];
let member: Person;
let seat: Seat;

beforeAll(async () => {
  pair = await startPair();
  const { follower } = pair.servers;
  const [carol, dave] = [await enrolPerson(follower, "carol"), await enrolPerson(follower, "dave")];
  owners = [pair.bob, carol, dave];
  member = await enrolPerson(follower, "erin");
});

afterAll(async () => {
  await pair[Symbol.asyncDispose]();
});

/** A room of Alice's at the hub, with three owners and a member at the server that follows it. */
beforeEach(async () => {
  [seat] = await pair.openRoom();
  const rest = [...owners.slice(1), member];
  await seat.commit({
    add: await Promise.all(rest.map((person) => pair.handOut(person, seat.room))),
  });
  const state = stateNow();
  const assignments = [pair.alice, ...owners]
    .map(({ user }) => ({ user, role: ROLES.owner }))
    .toSorted((one, other) => (one.user < other.user ? -1 : 1));
  await seat.commit({ roomState: encodeRoomState({ ...state, assignments }) });
  await pair.servers.flush();
});

const stateNow = (): RoomState => decodeRoomState(seat.group.roomState());

/** What owners would agree to now, for the room to go on at another server. */
function claimNow(hub: Domain, change: Partial<GenerationClaim> = {}): GenerationClaim {
  if (seat.hash === undefined) throw new Error("the log is not read");
  return {
    previous: seat.group.group,
    epoch: seat.group.epoch,
    transcript: seat.group.confirmedTranscriptHash(),
    position: seat.position,
    hash: seat.hash,
    formerHub: pair.servers.hub.domain,
    hub,
    hubKey: keyOf(hub).publicKey,
    term: 2,
    reason: "hubGone",
    ...change,
  };
}

const keys = new Map<Domain, ReturnType<Rig["crypto"]["generateSignatureKeyPair"]>>();

function keyOf(hub: Domain) {
  const known = keys.get(hub) ?? pair.servers.hub.crypto.generateSignatureKeyPair();
  keys.set(hub, known);
  return known;
}

type Forging = {
  readonly claim: GenerationClaim;
  /** The first of them begins. */
  readonly by: readonly Person[];
  /** What they have signed, if it is not this. */
  readonly signed?: GenerationClaim;
  readonly change?: (state: RoomState) => RoomState;
  /** By how much it stands elsewhere than it should. */
  readonly moved?: number;
  /** As the room was where the claim is about. */
  readonly before?: ReturnType<typeof viewNow>;
};

function viewNow() {
  return roomView(stateNow(), seat.group.members());
}

/** What a server sends that goes on with the room. */
async function begun({
  claim,
  by,
  signed = claim,
  change = (state) => state,
  moved = 0,
  before = viewNow(),
}: Forging): Promise<EntryDelivery> {
  const [founder] = by;
  if (founder === undefined) throw new Error("somebody begins");
  const { crypto } = pair.servers.hub;
  const endorsements = by
    .map(({ client, identity }) =>
      signGenerationClaim(signed, client, (message) =>
        crypto.sign(identity.signaturePrivateKey, message),
      ),
    )
    .toSorted((one, other) => (one.client < other.client ? -1 : 1));
  const state = change(nextGeneration(before, { claim, endorsements }, founder.user));
  const { room } = seat;
  const { group, groupInfo } = await createGroup(founder.context, founder.identity, {
    group: groupUriOf(room, 1),
    roomState: encodeRoomState(state),
    hubKey: claim.hubKey,
    hubDomain: claim.hub,
  });
  const place = { room, generation: 1, term: claim.term };
  const position = firstPositionOf(claim, 1) + moved;
  const entry = encodeEntry({
    ...place,
    kind: "tombstone",
    ephemeral: false,
    position,
    previous: claim.hash,
    acceptedAt: 1,
    reason: TOMBSTONE_REASONS.begun,
    replaced: claim.hash,
    detail: founder.client,
  });
  const hash = chainHashOf(decodeEntry(entry), entry, sha256);
  const head = signHead(
    { ...place, position, hash, epoch: 0, treeHash: group.treeHash() },
    (message) => crypto.sign(keyOf(claim.hub).privateKey, message),
  );
  return { entry, head, groupInfo, welcomes: [], introduction: undefined };
}

/** Hands it to a server as that one would send it; answers the refusal. */
async function deliver(
  { delivery, database }: Rig,
  from: Domain,
  item: EntryDelivery,
): Promise<RefusalCode | "taken"> {
  const prepared = await delivery.followed.prepare(from, { items: [item], heads: [] });
  return database.transaction(async (tx) => {
    const { rejected } = await delivery.followed.receive(tx, prepared, 0);
    await delivery.followed.finish(tx, prepared);
    return rejected ?? "taken";
  });
}

const hubAt = ({ delivery }: Rig) => delivery.hosted.hub(seat.room);

test("T-15 T-20 FED-1131 FED-1138 nobody is believed without the word of enough owners", async () => {
  const [bob, carol, dave] = owners;
  if (bob === undefined || carol === undefined || dave === undefined) throw new Error();
  const claim = claimNow(third);
  const forged: Readonly<Record<string, Forging>> = {
    "by one owner of three": { claim, by: [bob] },
    "by an owner and a member": { claim, by: [bob, member] },
    "with the former hub's owner counted": { claim, by: [bob, pair.alice] },
    "by members": { claim, by: [member] },
    "of another claim": { claim, by: [bob, carol], signed: claimNow(fourth) },
    "of the same at another place": {
      claim,
      by: [bob, carol],
      signed: { ...claim, position: claim.position - 1 },
    },
    "with another role": {
      claim,
      by: [bob, carol],
      change: (state) => ({ ...state, assignments: state.assignments.slice(1) }),
    },
    "in a term that was there": { claim: { ...claim, term: 1 }, by: [bob, carol] },
    "further on than it stands": { claim, by: [bob, carol], moved: 1 },
    "for another former hub": { claim: { ...claim, formerHub: fourth }, by: [bob, carol] },
  };
  for (const [what, forging] of Object.entries(forged)) {
    const item = await begun(forging);
    for (const rig of [pair.servers.follower, pair.servers.hub]) {
      expect([what, await deliver(rig, third, item)]).toEqual([what, "notHub"]);
    }
  }
  // Agreed, but brought by somebody else, or signed by no such hub.
  const agreed = await begun({ claim, by: [bob, carol] });
  const { head } = agreed;
  if (head === undefined) throw new Error();
  for (const rig of [pair.servers.follower, pair.servers.hub]) {
    expect(await deliver(rig, fourth, agreed)).toBe("notHub");
    const unsigned = { ...agreed, head: { ...head, signature: new Uint8Array(64) } };
    expect(await deliver(rig, third, unsigned)).toBe("notHub");
  }
  await seat.say("nothing has changed");
  await pair.servers.flush();
  expect(await deliver(pair.servers.follower, third, agreed)).toBe("taken");
  // A hub that goes on all the same is heard by nobody but its own users.
  await seat.say("to whom?");
  const [said] = pair.servers.outbox.splice(0);
  if (said === undefined) throw new Error("nothing was sent");
  const { bytes } = said;
  const alone = { entry: bytes, head: undefined, groupInfo: undefined, welcomes: [] };
  const more = { ...alone, introduction: undefined };
  expect(await deliver(pair.servers.follower, pair.servers.hub.domain, more)).toBe("notHub");
  for (const rig of [pair.servers.follower, pair.servers.hub]) {
    // What comes once more is there already.
    for (let count = 0; count < 2; count += 1) {
      expect(await deliver(rig, third, agreed)).toBe("taken");
    }
    expect(await hubAt(rig)).toBe(third);
  }
});

test("FED-1132 of two agreements one counts for all, in whatever order they are heard", async () => {
  const made = await Promise.all(
    [third, fourth].map(async (hub) => {
      const claim = claimNow(hub);
      return { claim, item: await begun({ claim, by: owners.slice(0, 2) }) };
    }),
  );
  const [loser, winner] = made.toSorted((one, other) => compareClaims(one.claim, other.claim));
  if (loser === undefined || winner === undefined) throw new Error();
  const { hub, follower } = pair.servers;
  expect(await deliver(hub, loser.claim.hub, loser.item)).toBe("taken");
  expect(await hubAt(hub)).toBe(loser.claim.hub);
  expect(await deliver(hub, winner.claim.hub, winner.item)).toBe("taken");
  expect(await deliver(follower, winner.claim.hub, winner.item)).toBe("taken");
  expect(await deliver(follower, loser.claim.hub, loser.item)).toBe("notHub");
  for (const rig of [hub, follower]) expect(await hubAt(rig)).toBe(winner.claim.hub);
});

test("T-15 FED-1138 what was agreed to long ago brings nobody back who is an owner no more", async () => {
  const [, carol] = owners;
  if (carol === undefined) throw new Error();
  const old = { claim: claimNow(third), before: viewNow() };
  const { hub, follower } = pair.servers;
  await hub.delivery.hosted.leave(carol, seat.room);
  await seat.sync();
  const assignments = stateNow().assignments.filter(({ user }) => user !== carol.user);
  await seat.commit({ roomState: encodeRoomState({ ...stateNow(), assignments }) });
  await pair.servers.flush();
  const [bob, , dave] = owners;
  if (bob === undefined || dave === undefined) throw new Error();
  for (const by of [
    [carol, bob],
    [bob, carol],
  ]) {
    const item = await begun({ ...old, by });
    for (const rig of [follower, hub]) expect(await deliver(rig, third, item)).toBe("notHub");
  }
  const item = await begun({ ...old, by: [dave, bob, carol] });
  for (const rig of [follower, hub]) expect(await deliver(rig, third, item)).toBe("taken");
});

test("FED-1138 who is ahead of what was agreed to follows all the same", async () => {
  const claim = claimNow(third);
  const before = viewNow();
  const leaf = seat.group.members().find(({ client }) => client === member.client)?.leaf ?? -1;
  // What the hub takes now, the owners who agree have never seen.
  await seat.commit({ remove: [leaf] });
  await seat.commit({
    roomState: encodeRoomState({ ...stateNow(), metadata: new Uint8Array(64).fill(7) }),
  });
  await pair.servers.flush();
  const item = await begun({ claim, by: owners.slice(0, 2), before });
  const { hub, follower } = pair.servers;
  for (const rig of [hub, follower]) {
    expect(await deliver(rig, third, item)).toBe("taken");
    expect(await hubAt(rig)).toBe(third);
  }
});
