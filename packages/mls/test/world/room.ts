import type { Bytes } from "@treehouse/protocol";
import { encodeSafeAad, equalBytes } from "@treehouse/protocol";

import type {
  ClientIdentity,
  CommitIntent,
  CommitResult,
  CreatedKeyPackage,
  MemberGroup,
  PreparedCommit,
} from "../../src/member/index.ts";
import {
  createGroup,
  createKeyPackage,
  joinExternal,
  joinWelcome,
  loadGroup,
} from "../../src/member/index.ts";
import type { CheckedCommit, PublicGroup, StoredPublicGroup } from "../../src/public/index.ts";
import { registerGroup } from "../../src/public/index.ts";
import type { User, World } from "./people.ts";
import { newRoom } from "./people.ts";
import { applyRows } from "./rows.ts";

const DAY = 24 * 60 * 60 * 1000;

/** One client in a room: what it keeps durable is `rows`, and nothing else survives a restart. */
export type Member = {
  user: User;
  identity: ClientIdentity;
  group: MemberGroup;
  rows: Map<string, Bytes>;
};

/** A room with its hub, in which everybody receives every accepted handshake in order. */
export type Room = {
  world: World;
  members: Member[];
  hub: PublicGroup;
  stored: StoredPublicGroup;
  /** Sees every commit that the hub took, before the members process it. */
  watch?: (committer: Member, prepared: PreparedCommit, checked: CheckedCommit) => void;
};

/** Authenticated data, or a text, without content: an empty dictionary. */
export const none = encodeSafeAad({ treehouse: undefined, others: [] });

export async function foundRoom(world: World, founder: User): Promise<Room> {
  const identity = world.client(founder);
  const room = newRoom(world, founder);
  const { group, groupInfo, ratchetTree } = await createGroup(world.context, identity, room);
  const at = world.context.now();
  const hub = await registerGroup(world.context, { groupInfo, ratchetTree, at });
  const member = { user: founder, identity, group, rows: new Map<string, Bytes>() };
  persist(member);
  return { world, members: [member], hub, stored: hub.store() };
}

/** Writes what changed, as a client does in the transaction of each step. */
export function persist(member: Member): void {
  applyRows(member.rows, member.group.takeChanges());
}

/** The process dies: everything but the rows is lost. */
export async function restart(world: World, member: Member): Promise<void> {
  member.group = await loadGroup(world.context, member.identity, member.rows);
}

/** The hub accepts the committer's upload, and everybody else processes it. */
export async function deliver(
  room: Room,
  committer: Member,
  prepared: PreparedCommit,
): Promise<{ checked: CheckedCommit; results: Map<Member, CommitResult> }> {
  const at = room.world.context.now();
  const checked = await room.hub.checkCommit({ ...prepared, at });
  room.watch?.(committer, prepared, checked);
  room.hub = checked.group;
  room.stored = applyPublic(room.stored, checked);
  const results = new Map<Member, CommitResult>();
  await committer.group.adopt(prepared);
  persist(committer);
  for (const member of room.members) {
    if (member === committer) continue;
    const result = await member.group.processCommit(prepared.commit, { acceptedAt: at });
    results.set(member, result);
    persist(member);
  }
  room.members = room.members.filter(({ group }) => group.active);
  return { checked, results };
}

export async function commit(
  room: Room,
  committer: Member,
  intent: CommitIntent,
): Promise<{ checked: CheckedCommit; results: Map<Member, CommitResult> }> {
  const prepared = await committer.group.prepareCommit(intent, none);
  persist(committer);
  return deliver(room, committer, prepared);
}

export type Newcomer = { user: User; identity: ClientIdentity };

/** Adds clients in one commit; they join by its Welcome, with the tree from the hub. */
export async function add(
  room: Room,
  committer: Member,
  newcomers: readonly Newcomer[],
  intent: CommitIntent = {},
): Promise<readonly Member[]> {
  const invited = await invite(room, committer, newcomers, intent);
  const joined: Member[] = [];
  for (const one of newcomers) joined.push(await accept(room, one, invited));
  room.members.push(...joined);
  return joined;
}

export type Invitation = {
  welcome: Bytes;
  ratchetTree: Bytes;
  keyPackages: ReadonlyMap<ClientIdentity, CreatedKeyPackage>;
  at: number;
};

/** The commit that adds clients, delivered to the members; the newcomers have not joined yet. */
export async function invite(
  room: Room,
  committer: Member,
  newcomers: readonly Newcomer[],
  intent: CommitIntent = {},
): Promise<Invitation> {
  const { context } = room.world;
  const made = new Map<ClientIdentity, CreatedKeyPackage>();
  for (const { identity } of newcomers) {
    const options = { lifetimeMs: 30 * DAY, lastResort: false };
    made.set(identity, await createKeyPackage(context, identity, options));
  }
  const keyPackages = [...made.values()].map(({ keyPackage }) => keyPackage);
  const prepared = await committer.group.prepareCommit({ ...intent, add: keyPackages }, none);
  persist(committer);
  const at = context.now();
  await deliver(room, committer, prepared);
  const { welcome } = prepared;
  if (welcome === undefined) throw new Error("A commit with additions has no Welcome.");
  return { welcome, ratchetTree: room.hub.ratchetTree(), keyPackages: made, at };
}

export async function accept(
  room: Room,
  { user, identity }: Newcomer,
  { welcome, ratchetTree, keyPackages, at }: Invitation,
): Promise<Member> {
  const own = keyPackages.get(identity);
  const { group } = await joinWelcome(room.world.context, identity, {
    welcome,
    ratchetTree,
    secrets: (ref) => (own && equalBytes(own.ref, ref) ? own.secret : undefined),
    at,
  });
  const member = { user, identity, group, rows: new Map<string, Bytes>() };
  persist(member);
  return member;
}

export function newcomer(world: World, name: string): Newcomer {
  const user = world.user(name);
  return { user, identity: world.client(user) };
}

/** A client joins by itself, with what the hub serves. */
export async function joinByItself(
  room: Room,
  user: User,
  identity: ClientIdentity,
  removeLeaf?: number,
): Promise<Member> {
  const { context } = room.world;
  const { prepared, group } = await joinExternal(context, identity, {
    groupInfo: room.hub.groupInfo,
    ratchetTree: room.hub.ratchetTree(),
    ...(removeLeaf === undefined ? {} : { removeLeaf }),
    authenticatedData: none,
    at: context.now(),
  });
  const member = { user, identity, group, rows: new Map<string, Bytes>() };
  persist(member);
  await deliver(room, member, prepared);
  room.members.push(member);
  return member;
}

/** The hub proposes removals; everybody sees the proposals. */
export async function proposeByHub(room: Room, leaves: readonly number[]): Promise<void> {
  const hubPrivateKey = room.world.hub.privateKey;
  const { group, messages } = await room.hub.proposeRemovals(leaves, { hubPrivateKey });
  room.hub = group;
  for (const message of messages) await everybodyProcesses(room, message);
}

export async function proposeByMember(room: Room, member: Member, leaf: number): Promise<void> {
  const message = await member.group.proposeRemoval(leaf, none);
  const { group } = await room.hub.checkProposals([message], room.world.context.now());
  room.hub = group;
  await everybodyProcesses(room, message);
}

async function everybodyProcesses(room: Room, message: Bytes): Promise<void> {
  room.stored = { ...room.stored, proposals: room.hub.store().proposals };
  for (const member of room.members) {
    await member.group.processProposal(message);
    persist(member);
  }
}

/** What a server's storage does with the changes of a commit. */
function applyPublic(stored: StoredPublicGroup, { changes }: CheckedCommit): StoredPublicGroup {
  const nodes = new Map(stored.nodes);
  for (const { index, node } of changes.nodes) {
    if (node === undefined) nodes.delete(index);
    else nodes.set(index, node);
  }
  const { size, groupContext, confirmationTag, groupInfo } = changes;
  return { size, groupContext, confirmationTag, groupInfo, nodes, proposals: [] };
}
