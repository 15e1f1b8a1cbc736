import { checkKeyPackage, type GroupMember, type MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeRoomState,
  equalBytes,
  formatAddress,
  type ClientUri,
  Refusal,
  type RoomChange,
  userOfClient,
  refusalOfResponse,
  returningMark,
  roomOfGroup,
  type RoomState,
  roomView,
  settle,
  sha256,
  toHex,
  updateRequestCodec,
  type UpdateRoomResponse,
  userUriCodec,
  type UserUri,
  vector,
} from "@treehouse/protocol";

import { type IntentKind, type IntentRow, isAccepted } from "../../storage/index.ts";
import { ownAuditLink } from "../audit/index.ts";
import { authenticatedData } from "../saying/index.ts";
import {
  type GroupsContext,
  type Room,
  writeWithGroup,
  loadGroup,
  isSessionOver,
} from "../room/index.ts";
import { fetchKeyPackages } from "./fetch-key-packages.ts";
import { isRenewalOf } from "../health/index.ts";
import { usersOut } from "../governing/index.ts";
import { withTicketOf } from "./link-wish.ts";
import { catchUpWithOwn, ownLeavesOf } from "./own-leaf.ts";
import type { Step } from "../pump/index.ts";
import { welcomeExtensions } from "../about/index.ts";
import { fetchHubOffer, handedOver } from "../moves/hub-wish.ts";
import { aboutUser } from "./unreachable-user.ts";
import { wishedState } from "./wished-state.ts";

const usersCodec = vector(userUriCodec);

/** Body of the intents `add` and `remove`: the users. Of `commit`: nothing. */
export function encodeUsers(users: readonly UserUri[]): Bytes {
  return usersCodec.encode(users);
}

/**
 * Builds the commit for an intent, or answers `done` when the room already is as it is wanted.
 * KeyPackages are fetched before the room is locked, once however often the commit loses.
 */
export async function buildCommit(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
): Promise<Bytes | "done"> {
  const named = (kind: IntentKind) => (intent.kind === kind ? usersCodec.decode(intent.body) : []);
  const isBack = intent.kind === "bringBack";
  const users = isBack ? usersCodec.decode(intent.body) : named("add");
  const missing = await usersMissing(context, room, users);
  const keyPackages = await claimKeyPackages(context, room, missing, isBack);
  const offered = await fetchHubOffer(context, room, intent);
  await room.serial.run(async () => catchUpWithOwn(context, await loadGroup(context, room)));
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    const former = intent.kind === "add" ? await formerLeaves(context, group, users) : [];
    const adds = intent.kind === "add" || isBack;
    const add = adds ? await whoIsOut(context, group, keyPackages) : [];
    const out = intent.kind === "policy" ? usersOut(intent.body) : named("remove");
    const remove = leavesOf(group, out);
    const { isBehind, unlisted } = ownLeavesOf(context, group);
    if (intent.kind === "commit") remove.push(...unlisted);
    const changed =
      offered === undefined
        ? await wishedState(context, room, group, intent)
        : handedOver(context, group, offered);
    const isTidy = add.length + remove.length + group.pendingRemovals.length === 0 && !isBehind;
    const idle = isTidy && changed === undefined;
    const isUpdate =
      group.messagesSentInEpoch > 0 ||
      isRenewalOf(intent.body, group.epoch) ||
      context.copies.shares(room.uri);
    if (idle && (intent.kind !== "commit" || !isUpdate)) {
      await context.store.transaction((tx) => tx.intents.delete(intent.serial));
      const done = { position: room.cursor.position, acceptedAt: context.env.now() };
      room.waiters.get(intent.serial)?.resolve(done);
      room.waiters.delete(intent.serial);
      return "done";
    }
    const roomState = settledState(group, remove, changed);
    const gone = [...remove, ...(add.length === 0 ? [] : former)];
    const change = changeOf(group, { add, gone, stateAfter: roomState });
    const audit = await ownAuditLink(context, room, group, { change, reason: intent.reason });
    const { position } = room.cursor;
    const bare = await authenticatedData(group, position, undefined, [audit.component]);
    const aad = withTicketOf(context, group, intent, bare);
    const extensions = await welcomeExtensions(context, room, audit.head);
    const prepared = await group.prepareCommit(
      {
        add: add.map(({ keyPackage }) => keyPackage),
        remove: gone,
        ...(roomState === undefined ? {} : { roomState: encodeRoomState(roomState) }),
        ...(add.length === 0 ? {} : { welcomeExtensions: extensions }),
        ...(isBehind ? { updateLeafIdentity: context.identity.leafIdentity } : {}),
      },
      aad,
    );
    const request = updateRequestCodec.encode({
      kind: "commit",
      commit: prepared.commit,
      welcome: prepared.welcome,
      groupInfo: prepared.groupInfo,
      firstMessage: undefined,
    });
    const hash = toHex(sha256(prepared.commit));
    // Others may leave the own leaf as it is (RFC 9420 §12.4).
    if (intent.kind === "commit") context.copies.renews(room.uri, prepared.commit);
    await writeWithGroup(context, room, (tx) => {
      tx.intents.submit(intent.serial, request, hash);
    });
    return request;
  });
}

/** A commit is complete when its echo was applied; here only a refusal ends it. */
export function finishCommit(
  context: GroupsContext,
  room: Room,
  intent: IntentRow,
  response: UpdateRoomResponse | Refusal,
): Promise<Step> {
  return room.serial.run(async () => {
    const now = await context.store.transaction((tx) => tx.intents.get(intent.serial));
    // The stream was faster: the echo has completed it, or the winner has reset it.
    if (now === undefined || now.status === "waiting") return "next";
    const refusal = response instanceof Refusal ? response : refusalOfResponse(response);
    if (!(response instanceof Refusal) && response.code === "success") {
      const { position, acceptedAt } = response;
      const passed = position <= room.cursor.position;
      await context.store.transaction((tx) => {
        if (passed) tx.intents.delete(intent.serial);
        else tx.intents.accept(intent.serial, { position, acceptedAt });
      });
      if (passed) {
        room.waiters.get(intent.serial)?.resolve({ position, acceptedAt });
        room.waiters.delete(intent.serial);
      }
      return "next";
    }
    if (refusal === undefined) throw new Error("a response that neither accepts nor refuses");
    const group = await loadGroup(context, room);
    const rebase = refusal.code === "wrongEpoch" || refusal.code === "removalPending";
    if (!rebase) {
      // It stays prepared: a copy of the request, still on its way, may be accepted in this epoch
      // (FED-225), and whoever made a path cannot open it.
      room.claimed.clear();
      throw refusal;
    }
    await group.discard();
    await writeWithGroup(context, room, (tx) => tx.intents.reset(intent.serial));
    // The next entries tell what it must be built upon; they may have come before this answer.
    if (refusal.code === "wrongEpoch") {
      room.epochAtHub = refusal.data.currentEpoch ?? 0;
      if (group.epoch >= room.epochAtHub) return "next";
    }
    return "soon";
  });
}

/** Users: the way to the server and back is most of the time. */
const claimedAtOnce = 8;

async function claimKeyPackages(
  context: GroupsContext,
  room: Room,
  users: readonly UserUri[],
  /** Whoever cannot be brought in comes by a commit of its own. */
  isBack: boolean,
): Promise<readonly Bytes[]> {
  for (const user of room.claimed.keys()) {
    if (!users.includes(user)) room.claimed.delete(user);
  }
  const claim = async (user: UserUri): Promise<void> => {
    const fetching = fetchKeyPackages(context, room.uri, [user]);
    const claimed = await (isBack || user === context.self.user ? ifAny(fetching) : fetching).catch(
      (error: unknown) => {
        throw aboutUser(user, error);
      },
    );
    room.claimed.set(user, claimed);
  };
  const missing = users.filter((user) => !room.claimed.has(user));
  for (let from = 0; from < missing.length; from += claimedAtOnce) {
    await Promise.all(missing.slice(from, from + claimedAtOnce).map(claim));
  }
  return users.flatMap((user) => room.claimed.get(user) ?? []);
}

/** Clients without KeyPackages keep nobody waiting that can come in by commits of their own. */
async function ifAny(fetching: Promise<readonly Bytes[]>): Promise<readonly Bytes[]> {
  try {
    return await fetching;
  } catch (error) {
    if (error instanceof Refusal && !isSessionOver(error)) return [];
    throw error;
  }
}

/**
 * Who has no leaf that stays, or only ones under a key in whose place this user has accepted another one;
 * and the own user while clients of it are not there.
 */
function usersMissing(
  context: GroupsContext,
  room: Room,
  users: readonly UserUri[],
): Promise<readonly UserUri[]> {
  const { people, self } = context;
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    const former = new Set(await formerLeaves(context, group, users));
    const members = staying(group).filter(({ leaf }) => !former.has(leaf));
    const present = new Set(members.map(({ user }) => user));
    const clients = new Set(members.map(({ client }) => client));
    const isLacking = people.self.clients().difference(clients).size > 0;
    return users.filter((user) => !present.has(user) || (user === self.user && isLacking));
  });
}

/** Whoever has left may be added again by the very commit that completes it. */
function staying(group: MemberGroup): readonly GroupMember[] {
  const going = new Set(group.pendingRemovals);
  return group.members().filter(({ leaf }) => !going.has(leaf));
}

/** A client may have come in by itself since its KeyPackage was fetched. */
async function whoIsOut(
  { member }: GroupsContext,
  group: MemberGroup,
  keyPackages: readonly Bytes[],
): Promise<readonly Added[]> {
  const present = new Set(staying(group).map(({ client }) => client));
  const { floor } = decodeRoomState(group.roomState());
  const checked = await Promise.all(
    keyPackages.map(async (keyPackage) => {
      const { client, rulesKnown } = await checkKeyPackage(member, keyPackage);
      if (rulesKnown >= floor) return { keyPackage, client };
      const who = formatAddress(userOfClient(client));
      const reason = `the program of ${who} does not know the rules of this conversation`;
      throw new Refusal("versionUnsupported", reason);
    }),
  );
  return checked.filter(({ client }) => !present.has(client));
}

type Added = { readonly keyPackage: Bytes; readonly client: ClientUri };

/** What a commit will have changed, as everybody will see it. */
function changeOf(
  group: MemberGroup,
  made: {
    readonly add: readonly Added[];
    readonly gone: readonly number[];
    readonly stateAfter: RoomState | undefined;
  },
): RoomChange {
  const { pendingRemovals } = group;
  const removed = new Set([...made.gone, ...pendingRemovals]);
  return {
    added: made.add.map(({ client }) => ({ client, user: userOfClient(client) })),
    removed: group.members().filter(({ leaf }) => removed.has(leaf)),
    stateAfter: made.stateAfter,
    pendingRemovals,
  };
}

/**
 * Leaves of these users under a former identity key. All of them go with the commit that adds the
 * user anew, or no client takes it: another key enters by a member's commit alone (architecture §4).
 */
function formerLeaves(
  context: GroupsContext,
  group: MemberGroup,
  users: readonly UserUri[],
): Promise<readonly number[]> {
  return context.store.transaction((tx) =>
    users.flatMap((user) => {
      const known = tx.contacts.get(user);
      if (known === undefined) return [];
      return group
        .members()
        .filter((member) => member.user === user)
        .filter(({ identity }) => {
          const key = identity.certificate.identityKey;
          return !equalBytes(key, known.identityKey) && isAccepted(known, key);
        })
        .map(({ leaf }) => leaf);
    }),
  );
}

function leavesOf(group: MemberGroup, users: readonly UserUri[]): number[] {
  return group
    .members()
    .filter(({ user }) => users.includes(user))
    .map(({ leaf }) => leaf);
}

/** Roles of users who go must go too, and somebody must stay the owner (policy `settle`). */
export function settledState(
  group: MemberGroup,
  remove: readonly number[],
  changed?: RoomState,
): RoomState | undefined {
  const gone = new Set([...remove, ...group.pendingRemovals]);
  if (gone.size === 0 && changed === undefined) return undefined;
  const roster = group.members().filter(({ leaf }) => !gone.has(leaf));
  const before = changed ?? decodeRoomState(group.roomState());
  const state = withoutMarks(before, group);
  const leaves = roster.map(({ leaf, client }) => ({ leaf, client }));
  return settle(roomView(state, leaves)) ?? (state === before ? changed : state);
}

/** Who is there need not come back, and who goes for good must not be able to (FED-1133). */
function withoutMarks(state: RoomState, group: MemberGroup): RoomState {
  const { predecessor } = state;
  if (predecessor === undefined || predecessor.returning.length === 0) return state;
  const { room } = roomOfGroup(group.group);
  const there = new Set(group.members().map(({ user }) => toHex(returningMark(room, user))));
  const returning = predecessor.returning.filter((mark) => !there.has(toHex(mark)));
  if (returning.length === predecessor.returning.length) return state;
  return { ...state, predecessor: { ...predecessor, returning } };
}
