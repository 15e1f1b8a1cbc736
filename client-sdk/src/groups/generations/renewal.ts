import type { MemberGroup } from "@treehouse/mls/member";
import {
  decodeRoomState,
  formatAddress,
  type GenerationClaim,
  roomOfGroup,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { loseAudit } from "../audit/index.ts";
import type { GroupsContext, Room } from "../context.ts";
import type { FormerGroup } from "../former-group.ts";
import { writeSuspect } from "../health/index.ts";
import { describeEvent } from "../room-event.ts";
import { noEpoch } from "../room-people.ts";

/** What a user is told when a client has come into another generation. */
export type Renewal = {
  readonly generation: number;
  readonly reason: GenerationClaim["reason"];
  /** The owners who have said so. */
  readonly by: readonly UserUri[];
  readonly server: string;
};

/** Undefined where the group is the generation that this client was in. */
export function renewedBy(
  former: Pick<FormerGroup, "group"> | undefined,
  group: MemberGroup,
): Renewal | undefined {
  if (former === undefined || former.group === group.group) return undefined;
  const { predecessor, hub } = decodeRoomState(group.roomState());
  if (predecessor === undefined) return undefined;
  const { claim, endorsements } = predecessor;
  return {
    generation: roomOfGroup(group.group).generation,
    reason: claim.reason,
    by: [...new Set(endorsements.map(({ client }) => userOfClient(client)))],
    server: hub,
  };
}

/**
 * Writes what follows from it: the history shows it, what was on its way is made anew for the group, and
 * the record of acts is known again with the next act.
 */
export function writeRenewal(
  context: GroupsContext,
  tx: LocalTx,
  room: Room,
  { generation, reason, by, server }: Renewal,
): void {
  for (const { serial, kind, status } of tx.intents.list(room.uri)) {
    if (kind !== "send" && status !== "waiting") tx.intents.reset(serial);
  }
  loseAudit(tx, room.uri);
  writeSuspect(tx, room.uri, undefined);
  const position = room.begun?.at?.position ?? room.cursor.position + 1;
  const body = describeEvent({ kind: "reset", generation, reason, by, server });
  const messageId = `reset ${generation}`;
  const acceptedAt = context.env.now();
  tx.messages.append(
    { room: room.uri, position, messageId, kind: "event", acceptedAt, body },
    true,
  );
}

/** What was noted of epochs of the group before says nothing of this one's. */
export function tellRenewal(
  context: GroupsContext,
  room: Room,
  { generation, reason, by, server }: Renewal,
  hidden: boolean,
): void {
  room.forkTags.clear();
  room.commits.clear();
  room.claimed.clear();
  Object.assign(room, {
    begun: undefined,
    founded: undefined,
    halt: undefined,
    suspect: undefined,
    trouble: undefined,
    passing: undefined,
    renewalOf: undefined,
    suspendedUntil: undefined,
    peopleEpoch: noEpoch,
  });
  if (hidden) return;
  const addresses = by.map((user) => formatAddress(user));
  context.events.emit("reset", { room: room.uri, generation, reason, by: addresses, server });
}
