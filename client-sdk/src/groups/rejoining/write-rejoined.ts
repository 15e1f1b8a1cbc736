import type { GroupMember, MemberGroup } from "@treehouse/mls/member";
import {
  formatAddress,
  type Head,
  roomOfGroup,
  type RoomState,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { loseAudit, takeBackAudit } from "../audit/index.ts";
import { endComingBack } from "./away-too-long.ts";
import {
  type GroupsContext,
  type Rollback,
  type Room,
  goOnBeforeOwnEntry,
  restoredRow,
  tellFaultAt,
  withSetBack,
  writeHubRecord,
  isHidden,
  dropPastWelcomes,
} from "../room/index.ts";
import type { FormerGroup } from "./former-group.ts";
import { renewedBy, tellRenewal, writeRenewal } from "../generations/renewal.ts";
import { endReturn, forgetReturn } from "../health/index.ts";
import {
  heldMessages,
  holdSends,
  lostMessages,
  finishPassed,
  leapAfterReturn,
} from "../saying/index.ts";
import { tellMemberChanges, writeMemberChanges } from "./write-member-changes.ts";
import { missedBy } from "./missed-by.ts";
import { addMemberIntent, mayRemove, memberDifference } from "./returned-members.ts";
import { decodeDetails, putJoinedRoom } from "../about/index.ts";

export type Rejoined = {
  readonly group: MemberGroup;
  readonly state: RoomState;
  readonly former: FormerGroup | undefined;
  /** Who signed what was offered; absent where owners vouch for the group. */
  readonly signer?: GroupMember;
  /** At the commit with which this client came back, or at the beginning of the group that it has made. */
  readonly head: Pick<Head, "position" | "hash" | "term">;
  readonly isFounding?: boolean;
};

/** Makes a return durable, and tells what lies between. Runs in the room's `serial`. */
export async function writeRejoined(
  context: GroupsContext,
  room: Room,
  { group, state, former, signer, head, isFounding = false }: Rejoined,
): Promise<void> {
  const renewal = renewedBy(former, group);
  const rollback = renewal === undefined ? room.rollback : undefined;
  const missed = missedBy(room, { renewal, rollback, head, epoch: group.epoch });
  const isShared = context.copies.shares(room.uri);
  const { hub, cursor, aftermath, hidden, renewed, lost, changes } =
    await context.store.transaction((tx) => {
      const forgone = renewal && writeRenewal(context, tx, room, renewal);
      writeRoom(context, tx, room, { group, state, isRenewed: renewal !== undefined });
      if (renewal === undefined) {
        setBackAudit(tx, room, { rollback, former, group, isWhole: missed.length === 0 });
      }
      const open = tx.intents.list(room.uri).map(({ serial }) => serial);
      for (const intent of tx.intents.list(room.uri)) {
        if (intent.kind !== "send" && intent.status !== "waiting") tx.intents.reset(intent.serial);
      }
      if (rollback === undefined) finishPassed(context, room, tx, head.position);
      const after =
        rollback === undefined
          ? nothingAfter
          : takeBack(context, tx, room, { rollback, former, group });
      tx.senderChains.loosen(room.uri);
      endComingBack(tx, room.uri);
      const at = context.env.now();
      const back = rollback?.cause === "restore" && {
        ...withSetBack(room.hub, { from: rollback.from, at }),
        rollbacks: [...room.hub.rollbacks, at].slice(-rollbacksKept),
      };
      const record = {
        ...(back || room.hub),
        term: Math.max(room.hub.term, head.term),
        doubt: undefined,
        // The hub that was come back to has taken over, or knows of no move any more.
        moving: undefined,
        first: after.first ?? room.hub.first,
        returned: rollback === undefined ? room.hub.returned : after.returned,
        again: [...open.filter((serial) => room.hub.again.includes(serial)), ...after.again],
      };
      writeHubRecord(tx, room.uri, record);
      const goesOn = isFounding
        ? { stream: room.uri, position: head.position, hash: head.hash }
        : goOnBeforeOwnEntry(tx, room.uri, head);
      tx.cursors.set(goesOn);
      const { generation } = roomOfGroup(group.group);
      dropPastWelcomes(tx, room.uri, { generation, position: head.position });
      forgetReturn(tx, room.uri);
      if (isShared) leapAfterReturn(tx, room.uri, context.self.client);
      return {
        lost: forgone ?? [],
        hub: record,
        cursor: goesOn,
        aftermath: after,
        hidden: isHidden(tx, room.uri),
        renewed: context.copies.renewed(tx, room.uri),
        changes: writeMemberChanges(context, tx, room, {
          group,
          // Who is in a generation that has begun has come along, or has not yet.
          former: renewal === undefined ? former : undefined,
          signer,
          head,
        }),
      };
    });
  const settled = {
    lost: false,
    rollback: undefined,
    forgotten: false,
    warned: false,
    trouble: undefined,
    passing: undefined,
    suspendedUntil: undefined,
    epochAtHub: 0,
    unreadTo: undefined,
    outAt: undefined,
  };
  renewed();
  room.forkTags.clear();
  Object.assign(room, { group, cursor, hub, ...settled });
  if (renewal !== undefined) tellRenewal(context, room, renewal, { hidden, lost });
  endReturn(room);
  if (aftermath.returned.length > 0) room.heldTold = true;
  if (hidden) return;
  if (rollback?.cause === "restore") {
    const forgotten = { from: rollback.from, to: rollback.to, reason: "restored" as const };
    context.events.emit("gap", { stream: room.uri, ...forgotten });
  }
  for (const gap of missed) {
    context.events.emit("gap", { stream: room.uri, ...gap, reason: "missed" });
  }
  tellAftermath(context, room, head.position, aftermath);
  context.events.emit("joined", { room: room.uri });
  tellMemberChanges(context, room, changes);
}

/**
 * The record of what was done goes on from what the hub still has. Epochs of a hub that was put back
 * have numbers that others had before: there, what tells is the position, and whether anything was missed.
 */
function setBackAudit(
  tx: LocalTx,
  { uri }: Room,
  back: {
    readonly rollback: Rollback | undefined;
    readonly former: FormerGroup | undefined;
    readonly group: MemberGroup;
    readonly isWhole: boolean;
  },
): void {
  const { rollback, former, isWhole } = back;
  const { group, epoch } = back.group;
  if (rollback?.cause === "restore") {
    takeBackAudit(tx, uri, { group, position: rollback.from });
    if (!isWhole) loseAudit(tx, uri);
    return;
  }
  // Epochs behind the one to which a void went back have numbers that the own ones had as well.
  const standing = rollback?.head.epoch;
  takeBackAudit(tx, uri, { group, epoch: standing ?? epoch - 1 });
  if ((standing ?? former?.epoch) !== epoch - 1) loseAudit(tx, uri);
}

const rollbacksKept = 8;

function writeRoom(
  context: GroupsContext,
  tx: LocalTx,
  { uri }: Room,
  {
    group,
    state,
    isRenewed,
  }: { readonly group: MemberGroup; readonly state: RoomState; readonly isRenewed: boolean },
): void {
  const known = tx.rooms.get(uri);
  const details = known && decodeDetails(known.details);
  // Who was in before was meant by what was said in the epochs before, too.
  const goesOn = known?.status === "joined" && !isRenewed;
  putJoinedRoom(context, tx, uri, {
    group,
    state,
    metadataKeys: [details?.metadataKey, context.metadataKey(tx, uri)],
    joinedEpoch: (goesOn ? details?.joinedEpoch : undefined) ?? group.epoch,
  });
}

/** What follows from a rollback, beyond the group itself. */
type Aftermath = {
  readonly lost: readonly string[];
  readonly sentAgain: boolean;
  readonly returned: readonly UserUri[];
  readonly first: number | undefined;
  readonly again: readonly number[];
};

const nothingAfter: Aftermath = {
  lost: [],
  sentAgain: true,
  returned: [],
  first: undefined,
  again: [],
};

/**
 * Whoever had been removed and is in again goes out before anything of before is said, if this user
 * may do that; otherwise what was lost, and what was on its way, waits for the user's word. Whom
 * this user had brought in is brought in again, and this client's lost messages go out once more.
 */
function takeBack(
  context: GroupsContext,
  tx: LocalTx,
  room: Room,
  change: {
    readonly rollback: Rollback;
    readonly former: FormerGroup | undefined;
    readonly group: MemberGroup;
  },
): Aftermath {
  const { rollback, former, group } = change;
  if (rollback.cause === "void") {
    const undone = lostMessages(context, room, tx, rollback);
    undone.sendAgain(tx);
    return { ...nothingAfter, lost: undone.ids };
  }
  // Where the entry stands that declares it, and that this client does not read.
  tx.messages.append(restoredRow(room, rollback.to + 1, context.env.now()), true);
  const before = former?.users ?? new Set(group.members().map(({ user }) => user));
  const { returned, missing } = memberDifference(context, room, tx, {
    before,
    after: group,
    rollback,
  });
  const clear = returned.length === 0 || mayRemove(context, group, returned);
  const first =
    clear && returned.length > 0
      ? addMemberIntent(context, tx, room.uri, "remove", returned)
      : undefined;
  const again = missing.map((user) => addMemberIntent(context, tx, room.uri, "add", [user]));
  const lost = lostMessages(context, room, tx, rollback);
  if (clear) lost.sendAgain(tx);
  if (returned.length > 0) holdSends(tx, room);
  const ids = clear ? lost.ids : [...new Set([...lost.ids, ...heldMessages(context, room, tx)])];
  return { lost: ids, sentAgain: clear, returned, first, again };
}

function tellAftermath(
  context: GroupsContext,
  room: Room,
  position: number,
  { lost, sentAgain, returned }: Aftermath,
): void {
  if (returned.length > 0) {
    const names = returned.map((user) => formatAddress(user)).join(", ");
    const text =
      `The server was set back, and ${names} had been removed and came back with it. ` +
      (sentAgain ? "They are being removed again." : "Ask an owner to remove them again.");
    tellFaultAt(context, room, position, "membersReturned", text);
  }
  if (lost.length === 0) return;
  context.events.emit("lostByServer", { room: room.uri, messages: lost, sentAgain });
}
