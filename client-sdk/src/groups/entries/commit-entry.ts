import {
  type Bytes,
  type ClientUri,
  type Entry,
  formatAddress,
  isEnded,
  equalBytes,
  Refusal,
  type RoomState,
  RULES_VERSION,
  toHex,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { MemberGroup } from "@treehouse/mls/member";

import { type AboutSeen, writeAbout } from "./about-entry.ts";
import { absenceOf, noteComingBack, tellAbsence } from "../rejoining/index.ts";
import {
  policyBefore,
  violationOf,
  wayOf,
  type GroupsContext,
  type Room,
  entryRow,
  type EntryWrite,
  forgetOwnEntry,
  nothing,
  tellFault,
  ForbiddenCommit,
  writeHubRecord,
  loadGroup,
  noteKeyNumbers,
  pinMembers,
  tellChangedKeys,
  isHidden,
  tellEnd,
  writeEnd,
  describeEvent,
  viewOf,
} from "../room/index.ts";
import { auditEntry, auditLinkKey } from "../audit/index.ts";
import { forkTagOf } from "../health/index.ts";
import { policyChange } from "../governing/index.ts";
import { loosenAfterReturn } from "../saying/index.ts";
import { rosterHashOf } from "./roster-of.ts";
import { repeatSoon, withReturn } from "./repeat-for-returned.ts";

/** `last`: what is applied next must find in memory what this leaves there, and so comes after it. */
export type CommitWrite = EntryWrite & { readonly last: boolean };

/**
 * Applies a commit to the group in memory, and answers what is to be written with it. It reads nothing
 * of the store but in `rows`: several commits may be applied before the first of them is written.
 */
export async function commitEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry & { kind: "commit" },
  hash: Bytes,
): Promise<CommitWrite> {
  const group = await loadGroup(context, room);
  // Messages of the epoch that ends may still come.
  await forkTagOf(room, group);
  const before = policyBefore(group);
  const auditKey = await auditLinkKey(group);
  const former = group.members();
  const result = await group.processCommit(entry.commit, { acceptedAt: entry.acceptedAt });
  const { crypto } = context.member;
  const violation = violationOf(before, result, group, {
    at: entry.acceptedAt,
    verify: (key, message, signature) => crypto.verify(key, message, signature),
  });
  // Who is out cannot see all that the commit does, and has no part in what follows.
  if (violation !== undefined && !result.removedSelf) {
    const isLater = viewOf(group).state.rulesVersion > RULES_VERSION;
    throw new ForbiddenCommit(isLater ? "paused" : "refused", violation.reason);
  }
  if (!result.removedSelf) {
    for (const message of entry.externalProposals) await propose(context, room, entry, message);
  }
  const by = userOfClient(result.committer.client);
  const ended = violation === undefined && !result.removedSelf && isEndedIn(group);
  const isRuled = result.roomStateChanged && !result.removedSelf;
  const stateAfter = isRuled ? viewOf(group).state : undefined;
  const ruled = isRuled ? policyChange(before.view, viewOf(group)) : undefined;
  const audit = auditEntry(context, room, entry, {
    before,
    key: auditKey,
    signer: former.find(({ leaf }) => !result.external && leaf === result.committer.leaf),
    result,
    stateAfter,
  });
  const absence = absenceOf(
    { client: context.self.client, listed: context.people.self.clients() },
    before,
    former,
    result,
  );
  const own = toHex(crypto.hash(entry.commit));
  const honest =
    result.removedSelf || equalBytes(rosterHashOf(group, crypto.hash), entry.rosterHash);
  const event = {
    kind: "membership",
    epoch: entry.epoch + 1,
    by,
    added: usersOf(result.added),
    removed: usersOf(result.removed),
    changed: result.roomStateChanged,
    ...(audit.reason === "" ? {} : { reason: audit.reason }),
    ...(ended ? { ended } : {}),
    way: wayOf(before, result),
  } as const;
  const finished: number[] = [];
  let hidden = false;
  let about: AboutSeen | undefined;
  let changedKeys: readonly UserUri[] = [];
  let welcomed = () => {};
  let renewed = () => {};
  const present = new Set(group.members().map(({ user }) => user));
  const returned = room.hub.returned.filter((user) => present.has(user));
  const settled = returned.length < room.hub.returned.length ? { ...room.hub, returned } : room.hub;
  const { client } = result.committer;
  const comeback = { client, position: entry.position };
  const comesBack = result.external && result.removed.length > 0;
  const hub = comesBack ? withReturn(settled, comeback, context.env.now()) : settled;
  const moved = result.removedSelf ? undefined : newHubOf(before.view.state, group);
  const record = moved === undefined ? hub : { ...hub, moving: moved.term };
  const leaves = result.removedSelf ? [] : result.added.map(({ leaf }) => leaf);
  const members = result.removedSelf ? [] : group.members();
  const added = members.filter(({ leaf }) => leaves.includes(leaf));
  const committing = members.filter(({ leaf }) => leaf === result.committer.leaf);
  const newcomers = [...new Set(added.map(({ user }) => user))].filter((user) =>
    members.every((one) => one.user !== user || leaves.includes(one.leaf)),
  );
  return {
    left: result.removedSelf || ended,
    last: result.removedSelf || ended || record !== room.hub,
    rows(tx) {
      for (const intent of tx.intents.list(room.uri)) {
        if (intent.kind === "send" || intent.status === "waiting") continue;
        if (intent.requestHash === own) {
          finished.push(intent.serial);
          tx.intents.delete(intent.serial);
        } else {
          // One commit per epoch: another one won, so these octets can never be accepted.
          tx.intents.reset(intent.serial);
        }
      }
      renewed = context.copies.applied(tx, room.uri, entry.commit);
      if (comesBack) loosenAfterReturn(tx, room.uri, client);
      if (record !== room.hub) writeHubRecord(tx, room.uri, record);
      hidden = isHidden(tx, room.uri);
      changedKeys = pinMembers(context, tx, added);
      noteKeyNumbers(tx, committing);
      about = stateAfter && writeAbout(tx, room, before.view, { after: stateAfter, by });
      audit.write(tx, {
        fields: Object.keys(about?.told ?? {}),
        banned: ruled?.banned.map(formatAddress),
        silenced: ruled?.silenced.map(formatAddress),
        unsilenced: ruled?.unsilenced.map(formatAddress),
      });
      const told = about === undefined || isEmpty(about.told) ? {} : { about: about.told };
      const server = moved === undefined ? {} : { server: moved.hub };
      const body = describeEvent({ ...event, changedKeys, ...told, ...server });
      tx.messages.append(entryRow(room, entry, "event", `event ${entry.position}`, body), true);
      if (newcomers.length > 0) {
        const { position, acceptedAt } = entry;
        welcomed = context.ears.came(tx, {
          room: room.uri,
          position,
          acceptedAt,
          users: newcomers,
        });
      }
      if (ended) writeEnd(tx, room.uri, { by, at: entry.acceptedAt, reason: audit.reason });
      if (result.removedSelf) {
        if (absence === "comesBack") noteComingBack(tx, room.uri);
        tx.rooms.setStatus(room.uri, "removed");
        tx.rooms.deleteGroup(room.uri);
      }
    },
    after() {
      room.hub = record;
      renewed();
      noteCommit(room, entry.position, { hash, committer: event.by });
      if (finished.length > 0) room.claimed.clear();
      for (const serial of finished) {
        room.waiters.get(serial)?.resolve(entry);
        room.waiters.delete(serial);
      }
      if (result.removedSelf) room.group = undefined;
      if (ended) tellEnd(context, room, { by, reason: audit.reason });
      repeatSoon(context, room);
      if (!honest) tellFault(context, room, entry, "entryInvalid", rosterText);
      if (violation !== undefined)
        tellFault(context, room, entry, "policyViolated", violation.reason);
      if (about !== undefined && about.forbidden.length > 0) {
        tellFault(context, room, entry, "policyViolated", forbiddenText);
      }
      if (absence !== undefined) tellAbsence(context, room, entry.position, absence);
      tellChangedKeys(context, room, changedKeys);
      welcomed();
      audit.after();
      if (hidden) return;
      context.events.emit("membership", { room: room.uri, ...event, changedKeys });
      if (about !== undefined && !isEmpty(about.told)) {
        const address = formatAddress(by);
        context.events.emit("about", { room: room.uri, by, address, changed: about.told });
      }
      if (ruled !== undefined) context.events.emit("policy", { room: room.uri, by, ...ruled });
      if (result.removedSelf || ended) context.events.emit("removed", { room: room.uri });
    },
  };
}

/** The commit by which this client came in is applied already: what the hub proposes with it is not. */
export async function ownEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry,
): Promise<EntryWrite> {
  const proposed = entry.kind === "commit" ? entry.externalProposals : [];
  for (const message of proposed) await propose(context, room, entry, message);
  return { ...nothing, rows: (tx) => forgetOwnEntry(tx, room.uri) };
}

const commitsRemembered = 16;

function noteCommit(
  { commits }: Room,
  position: number,
  commit: { readonly hash: Bytes; readonly committer: UserUri },
): void {
  commits.set(position, commit);
  for (const oldest of commits.keys()) {
    if (commits.size <= commitsRemembered) break;
    commits.delete(oldest);
  }
}

/** The hub that a commit has named, if it is another one. */
function newHubOf(before: RoomState, group: MemberGroup): RoomState | undefined {
  const after = viewOf(group).state;
  return after.hub === before.hub ? undefined : after;
}

/** A proposal that is not right is told; what else stands in the entry counts all the same. */
export async function propose(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  message: Bytes,
): Promise<void> {
  const group = await loadGroup(context, room);
  try {
    await group.processProposal(message);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    tellFault(context, room, entry, "entryInvalid", error.message);
  }
}

function isEndedIn(group: MemberGroup): boolean {
  return isEnded(viewOf(group).state);
}

function isEmpty(told: object): boolean {
  return Object.keys(told).length === 0;
}

const forbiddenText =
  "Somebody changed what the conversation says of itself who may not. It stays as it was here.";
const rosterText = "The server describes other members than the group has.";

/** Each once, with however many clients. */
function usersOf(clients: readonly { readonly client: ClientUri }[]): readonly UserUri[] {
  return [...new Set(clients.map(({ client }) => userOfClient(client)))];
}
