import type { MemberGroup } from "@treehouse/mls/member";
import {
  decodeRoomState,
  firstPositionOf,
  formatAddress,
  type GenerationClaim,
  roomOfGroup,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { loseAudit } from "../audit/index.ts";
import { type GroupsContext, type Room, describeEvent, noEpoch } from "../room/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";
import { writeSuspect } from "../health/index.ts";
import { lostMessages } from "../saying/index.ts";
import { noteOwners } from "./known-owners.ts";

/** What a user is told when a client has come into another generation. */
export type Renewal = {
  readonly generation: number;
  readonly reason: GenerationClaim["reason"];
  /** The owners who have said so. */
  readonly by: readonly UserUri[];
  readonly server: string;
  /** Where the log of this generation begins, as far as this client can tell. */
  readonly first: number | undefined;
  /** The last position of before that counts. */
  readonly last: number | undefined;
  readonly former: FormerGroup;
};

/** Undefined where the group is the one that this client was in. */
export function renewedBy(
  former: FormerGroup | undefined,
  group: MemberGroup,
): Renewal | undefined {
  const { predecessor, hub } = decodeRoomState(group.roomState());
  if (former === undefined || predecessor === undefined) return undefined;
  const { claim, endorsements } = predecessor;
  if (former.group === group.group && !isRival(former, claim)) return undefined;
  const isGone = claim.reason === "hubGone";
  const isNext = claim.previous === former.group;
  return {
    generation: roomOfGroup(group.group).generation,
    reason: claim.reason,
    by: [...new Set(endorsements.map(({ client }) => userOfClient(client)))],
    server: hub,
    first: isGone && isNext ? firstPositionOf(claim, former.term) : undefined,
    last: isGone ? claim.position : undefined,
    former,
  };
}

/** Whether a claim is another one to follow the same group than that of the own group (FED-1132). */
export function isRival({ view }: Pick<FormerGroup, "view">, claim: GenerationClaim): boolean {
  const own = view.state.predecessor?.claim;
  const isOther = own !== undefined && (own.hub !== claim.hub || own.term !== claim.term);
  return isOther && own.previous === claim.previous && claim.reason === "hubGone";
}

/**
 * Writes what follows from it: the history shows it, what was on its way is made anew for the group, what
 * the former hub alone has had of this client goes out again, and the record of acts is known again with the
 * next act. Answers the messages that were lost.
 */
export function writeRenewal(
  context: GroupsContext,
  tx: LocalTx,
  room: Room,
  { generation, reason, by, server, first, last, former }: Renewal,
): readonly string[] {
  for (const { serial, kind, status } of tx.intents.list(room.uri)) {
    if (kind !== "send" && status !== "waiting") tx.intents.reset(serial);
  }
  const lost = last === undefined ? undefined : lostMessages(context, room, tx, { from: last + 1 });
  lost?.sendAgain(tx);
  loseAudit(tx, room.uri);
  writeSuspect(tx, room.uri, undefined);
  noteOwners(tx, room.uri, former);
  const position = first ?? room.begun?.at?.position ?? room.cursor.position + 1;
  const body = describeEvent({ kind: "reset", generation, reason, by, server });
  const messageId = `reset ${generation} ${server}`;
  const row = { room: room.uri, position, messageId, acceptedAt: context.env.now() };
  tx.messages.append({ ...row, kind: "event", body }, true);
  return lost?.ids ?? [];
}

/** What was noted of epochs of the group before says nothing of this one's. */
export function tellRenewal(
  context: GroupsContext,
  room: Room,
  { generation, reason, by, server }: Renewal,
  told: { readonly hidden: boolean; readonly lost: readonly string[] },
): void {
  room.forkTags.clear();
  room.commits.clear();
  room.claimed.clear();
  room.postponed.clear();
  Object.assign(room, {
    begun: undefined,
    founded: undefined,
    halt: undefined,
    suspect: undefined,
    trouble: undefined,
    passing: undefined,
    renewal: undefined,
    suspendedUntil: undefined,
    peopleEpoch: noEpoch,
  });
  if (told.hidden) return;
  const addresses = by.map((user) => formatAddress(user));
  context.events.emit("reset", { room: room.uri, generation, reason, by: addresses, server });
  if (told.lost.length === 0) return;
  context.events.emit("lostByServer", { room: room.uri, messages: told.lost, sentAgain: true });
}
