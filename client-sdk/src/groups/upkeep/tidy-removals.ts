import type { MemberGroup } from "@treehouse/mls/member";

import type { GroupsContext, Room } from "../room/index.ts";
import { ownLeavesOf } from "../changing/index.ts";
import { pump } from "../pump/index.ts";
import { scheduleRenewal } from "./renew-room.ts";

const firstDelayMs = 1_000;
const delayPerLeafMs = 500;

/**
 * Sees to it that what is due is committed also when nobody wants to send: proposed removals, those
 * of own clients that were revoked, and a new certificate in the own leaf. Each member waits longer
 * the further right its leaf is, so that usually one commit is made and not many; what the own user's
 * clients alone can do waits for none but them.
 */
export function scheduleTidying(context: GroupsContext, room: Room): void {
  scheduleRenewal(context, room);
  const { group } = room;
  if (group === undefined || !group.active || !isUntidy(context, group)) {
    room.tidying.cancel();
    return;
  }
  const before = group.members().filter(({ leaf }) => leaf < group.ownLeaf).length;
  const delayMs = isOwnDue(context, group)
    ? ownLeavesOf(context, group).before * delayPerLeafMs
    : firstDelayMs + before * delayPerLeafMs;
  room.tidying.set(delayMs, () => {
    commitDue(context, room).catch((error: unknown) => {
      context.env.log.warn("tidying.failed", { error: String(error) });
      // A full disk, for one, may have room again later, and nobody else may be left to do it.
      scheduleTidying(context, room);
    });
  });
}

function isUntidy(context: GroupsContext, group: MemberGroup): boolean {
  return group.pendingRemovals.length > 0 || isOwnDue(context, group);
}

function isOwnDue(context: GroupsContext, group: MemberGroup): boolean {
  const { isBehind, unlisted } = ownLeavesOf(context, group);
  return isBehind || unlisted.length > 0;
}

async function commitDue(context: GroupsContext, room: Room): Promise<void> {
  const { group } = room;
  if (group === undefined || !isUntidy(context, group) || !context.link.live()) return;
  await context.store.transaction((tx) => {
    if (tx.intents.oldest(room.uri, "commit") !== undefined) return;
    const body = new Uint8Array();
    tx.intents.add({ room: room.uri, kind: "commit", createdAt: context.env.now(), body });
  });
  pump(context, room);
}
