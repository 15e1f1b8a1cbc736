import type { GroupMember, MemberGroup } from "@treehouse/mls/member";
import type { Head, UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import {
  describeEvent,
  type GroupsContext,
  noteUnvouched,
  pinMembers,
  type Room,
  tellChangedKeys,
  tellFaultAt,
  unvouchedText,
} from "../room/index.ts";
import type { FormerGroup } from "./former-group.ts";
import { memberChanges, unvouchedFor } from "./member-changes.ts";

type Told = {
  readonly event: UnseenEvent | undefined;
  readonly changedKeys: readonly UserUri[];
  readonly unvouched: readonly UserUri[];
};

type UnseenEvent = {
  readonly kind: "membership";
  readonly epoch: number;
  readonly by: undefined;
  readonly added: readonly UserUri[];
  readonly removed: readonly UserUri[];
  readonly changed: false;
  readonly changedKeys: readonly UserUri[];
  readonly way: "unseen";
};

/**
 * Writes who came and went while this client could not follow, as its history shows it, pins the keys
 * of whoever is new, and notes whom nobody vouches for.
 */
export function writeMemberChanges(
  context: GroupsContext,
  tx: LocalTx,
  { uri }: Room,
  back: {
    readonly group: MemberGroup;
    readonly former: FormerGroup | undefined;
    readonly signer: GroupMember | undefined;
    readonly head: Pick<Head, "position">;
  },
): Told {
  const { group, former, signer, head } = back;
  const changedKeys = pinMembers(context, tx, group.members());
  if (former === undefined) return { event: undefined, changedKeys, unvouched: [] };
  const unvouched = signer === undefined ? [] : unvouchedFor(tx, former, group, signer);
  noteUnvouched(tx, uri, unvouched);
  const { added, removed } = memberChanges(former, group);
  if (added.length + removed.length + changedKeys.length === 0) {
    return { event: undefined, changedKeys, unvouched };
  }
  const event = {
    kind: "membership",
    epoch: group.epoch,
    by: undefined,
    added,
    removed,
    changed: false,
    changedKeys,
    way: "unseen",
  } as const;
  const { position } = head;
  const place = {
    room: uri,
    position,
    messageId: `event ${position}`,
    acceptedAt: context.env.now(),
  };
  tx.messages.append({ ...place, kind: "event", body: describeEvent(event) }, true);
  return { event, changedKeys, unvouched };
}

export function tellMemberChanges(
  context: GroupsContext,
  room: Room,
  { event, changedKeys, unvouched }: Told,
): void {
  if (event !== undefined) context.events.emit("membership", { room: room.uri, ...event });
  tellChangedKeys(context, room, changedKeys);
  if (unvouched.length === 0) return;
  const { position } = room.cursor;
  tellFaultAt(context, room, position, "membersUnvouched", unvouchedText(unvouched));
}
