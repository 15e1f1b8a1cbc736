import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { decodeRoomState, encodeRoomState, Refusal, toHex } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import type { ClientState } from "ts-mls/clientState.js";

import { toTsMls } from "../../src/crypto/index.ts";
import type { CommitIntent, MemberGroup } from "../../src/member/index.ts";
import { createKeyPackage, joinExternal, loadGroup } from "../../src/member/index.ts";
import { stateOf } from "../fuzz/forge.ts";
import type { World } from "../world/people.ts";
import { createWorld } from "../world/people.ts";
import type { Member, Newcomer, Room } from "../world/room.ts";
import { Counter } from "./costs.ts";
import { add, commit, foundRoom, newcomer, none, proposeByHub } from "../world/room.ts";

const DAY = 24 * 60 * 60 * 1000;

export type Verdict = { readonly code: RefusalCode; readonly rule: HandshakeRule | undefined };

/** An upload that everybody accepts: what a row of the matrix changes in one place. */
export type Base = {
  readonly commit: Bytes;
  readonly groupInfo: Bytes;
  readonly welcome: Bytes | undefined;
  /** Signs the commit and its path's leaf. */
  readonly signatureKey: Uint8Array;
  /** The author's state in the epoch that the commit ends; any member's for one that joins. */
  readonly state: ClientState;
  /** Who signs the GroupInfo, after the commit. */
  readonly committerLeaf: number;
};

export type BaseName =
  | "update"
  | "add"
  | "addTwo"
  | "addOwn"
  | "remove"
  | "state"
  | "mixed"
  | "joins"
  | "returns"
  | "replaces"
  | "pending";

/**
 * A room with leaves 0 alice, 1 bob, 2 carol, 3 frank (unmerged), 4 blank, 5 a second client of
 * alice's, and places 6 and 7 that were never used.
 */
export type Lab = {
  readonly world: World;
  readonly cs: CiphersuiteImpl;
  readonly counter: Counter;
  readonly room: Room;
  readonly alice: Member;
  readonly bob: Member;
  readonly carol: Member;
  readonly frank: Member;
  readonly newcomers: { readonly dora: Newcomer; readonly gina: Newcomer; readonly ivan: Newcomer };
  readonly aliceThree: Newcomer;
  readonly carolTwo: Newcomer;
  readonly at: number;
  /** What the newcomers keep of their KeyPackages, by reference. */
  secretOf(ref: Bytes): Bytes | undefined;
  base(name: BaseName): Base;
  /** The public group and the members bob and frank, in the epoch in which `name` was made. */
  judges(name: BaseName): Judges;
};

export type Judges = {
  readonly hub: Room["hub"];
  /** The same groups again and again, for what is refused changes nothing; or `fresh` ones. */
  members(which?: "fresh"): Promise<readonly MemberGroup[]>;
};

export async function openLab(seed: number): Promise<Lab> {
  const counter = new Counter();
  const world = createWorld(seed, counter.wrap);
  // Her second device-signing key: what the first one signed is out of date.
  const room = await foundRoom(world, world.rotate(world.user("alice")));
  const [alice] = room.members;
  if (alice === undefined) throw new Error("The room has no founder.");
  const second = { user: alice.user, identity: world.client(alice.user) };
  const invited = ["bob", "carol", "dave", "erin"].map((name) => newcomer(world, name));
  await add(room, alice, [...invited, second]);
  for (const member of room.members) await commit(room, member, {});
  const [, bob, carol] = room.members;
  if (bob === undefined || carol === undefined) throw new Error("They did not join.");
  await commit(room, bob, { remove: [3, 4] });
  const [frank] = await add(room, alice, [newcomer(world, "frank")]);
  if (frank === undefined) throw new Error("Frank did not join.");
  const newcomers = {
    dora: newcomer(world, "dora"),
    gina: newcomer(world, "gina"),
    ivan: newcomer(world, "ivan"),
  };
  const aliceThree = { user: alice.user, identity: world.client(alice.user) };
  const carolTwo = { user: carol.user, identity: world.client(carol.user) };
  const bases = new Map<BaseName, Base>();
  const stages = new Map<BaseName, Judges>();
  const keep = (name: BaseName, base: Base) => {
    bases.set(name, base);
    stages.set(name, judgesOf(room, [bob, frank]));
  };
  const secrets = new Map<string, Bytes>();
  const people = { ...newcomers, aliceThree };
  for (const [name, intent] of await intentsOf(room, people, secrets)) {
    keep(name, await memberBase(alice, intent));
  }
  keep("joins", await joinerBase(room, newcomers.ivan));
  keep("returns", await joinerBase(room, aliceThree, 5));
  keep("replaces", await joinerBase(room, carolTwo, 2));
  await proposeByHub(room, [2]);
  keep("pending", await memberBase(alice, {}));

  return {
    world,
    cs: toTsMls(world.crypto),
    counter,
    room,
    alice,
    bob,
    carol,
    frank,
    newcomers,
    aliceThree,
    carolTwo,
    at: world.context.now(),
    secretOf: (ref) => secrets.get(toHex(ref)),
    base: (name) => known(bases, name),
    judges: (name) => known(stages, name),
  };
}

async function intentsOf(
  { world, hub }: Room,
  people: Record<"dora" | "gina" | "aliceThree", Newcomer>,
  secrets: Map<string, Bytes>,
): Promise<ReadonlyMap<BaseName, CommitIntent>> {
  const keyPackage = async ({ identity }: Newcomer) => {
    const options = { lifetimeMs: 30 * DAY, lastResort: true };
    const made = await createKeyPackage(world.context, identity, options);
    secrets.set(toHex(made.ref), made.secret);
    return made.keyPackage;
  };
  const dora = await keyPackage(people.dora);
  const state = decodeRoomState(hub.roomState);
  const roomState = encodeRoomState({ ...state, metadata: world.random.bytes(40) });
  return new Map<BaseName, CommitIntent>([
    ["update", {}],
    ["add", { add: [dora] }],
    ["addTwo", { add: [dora, await keyPackage(people.gina)] }],
    ["addOwn", { add: [await keyPackage(people.aliceThree)] }],
    ["remove", { remove: [2] }],
    ["state", { roomState }],
    ["mixed", { remove: [2], add: [dora], roomState }],
  ]);
}

async function memberBase(author: Member, intent: CommitIntent): Promise<Base> {
  const { group, identity } = author;
  const made = await group.prepareCommit(intent, none);
  await group.discard();
  group.takeChanges();
  return {
    commit: made.commit,
    groupInfo: made.groupInfo,
    welcome: made.welcome,
    signatureKey: identity.signaturePrivateKey,
    state: stateOf(author),
    committerLeaf: group.ownLeaf,
  };
}

async function joinerBase(room: Room, joiner: Newcomer, removeLeaf?: number): Promise<Base> {
  const { world, hub, members } = room;
  const { identity } = joiner;
  const { prepared, group } = await joinExternal(world.context, identity, {
    groupInfo: hub.groupInfo,
    ratchetTree: hub.ratchetTree(),
    authenticatedData: none,
    at: world.context.now(),
    ...(removeLeaf === undefined ? {} : { removeLeaf }),
  });
  const [anybody] = members;
  if (anybody === undefined) throw new Error("The room is empty.");
  return {
    commit: prepared.commit,
    groupInfo: prepared.groupInfo,
    welcome: undefined,
    signatureKey: identity.signaturePrivateKey,
    state: stateOf(anybody),
    committerLeaf: group.ownLeaf,
  };
}

function judgesOf({ world, hub }: Room, members: readonly Member[]): Judges {
  const kept = members.map(({ identity, rows }) => ({ identity, rows: new Map(rows) }));
  const load = () =>
    Promise.all(kept.map(({ identity, rows }) => loadGroup(world.context, identity, rows)));
  let loaded: ReturnType<typeof load> | undefined;
  return { hub, members: (which) => (which === "fresh" ? load() : (loaded ??= load())) };
}

function known<K, V>(map: ReadonlyMap<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`There is no ${String(key)}.`);
  return value;
}

/** What a judge says: undefined for "accepted". */
export async function verdictOf(run: () => Promise<unknown>): Promise<Verdict | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { code: error.code, rule: error.data.rule };
  }
}

/** A member's verdict, after which it is as it was if it refused. */
export async function memberVerdict(
  group: MemberGroup,
  run: () => Promise<unknown>,
): Promise<Verdict | undefined> {
  const verdict = await verdictOf(run);
  const changes = group.takeChanges();
  if (verdict !== undefined && changes.put.size + changes.delete.length > 0) {
    throw new Error("A refused message changed rows.");
  }
  return verdict;
}
