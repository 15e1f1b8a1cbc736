import type { GroupsContext, Room } from "../room/index.ts";
import { renewalOf } from "../health/index.ts";
import { pump } from "../pump/index.ts";

const firstDelayMs = 100;
const delayPerMemberMs = 300;

/**
 * After a void somebody's update ends the epoch that was poisoned (FED-1106): the GroupInfo that lies
 * at the hub may be what nobody could come in by. Another leaf begins in each epoch.
 */
export function scheduleRenewal(context: GroupsContext, room: Room): void {
  const { group } = room;
  if (group === undefined || group.epoch !== room.renewalOf) return;
  const { epoch, ownLeaf } = group;
  const leaves = group.members().map(({ leaf }) => leaf);
  const place = leaves.indexOf(ownLeaf);
  const rank = (place - (epoch % leaves.length) + leaves.length) % leaves.length;
  room.renewing.set(firstDelayMs + rank * delayPerMemberMs, () => {
    renew(context, room, epoch).catch((error: unknown) => {
      context.env.log.warn("room.notRenewed", { error: String(error) });
    });
  });
}

async function renew(context: GroupsContext, room: Room, epoch: number): Promise<void> {
  if (room.group?.epoch !== epoch || room.lost || room.forked || !context.link.live()) return;
  await context.store.transaction((tx) => {
    if (tx.intents.oldest(room.uri, "commit") !== undefined) return;
    const createdAt = context.env.now();
    tx.intents.add({ room: room.uri, kind: "commit", createdAt, body: renewalOf(epoch) });
  });
  pump(context, room);
}
