import type { GroupsContext, Room } from "../room/index.ts";
import { wishRenewal } from "../health/index.ts";
import { pump } from "../pump/index.ts";

const firstDelayMs = 100;
const delayPerMemberMs = 300;

/**
 * After a void somebody's update ends the epoch that was poisoned (FED-1106): the GroupInfo that lies
 * at the hub may be what nobody could come in by. After a restore there may be none (FED-1117). Another
 * leaf begins in each epoch.
 */
export function scheduleRenewal(context: GroupsContext, room: Room): void {
  const { group, renewal } = room;
  if (group === undefined || renewal === undefined) return;
  if (group.epoch !== renewal.epoch) {
    takeUp(room, renewal);
    return;
  }
  const { epoch, ownLeaf } = group;
  const leaves = group.members().map(({ leaf }) => leaf);
  const place = leaves.indexOf(ownLeaf);
  const rank = (place - (epoch % leaves.length) + leaves.length) % leaves.length;
  room.renewing.set(firstDelayMs + rank * delayPerMemberMs, () => {
    renew(context, room, epoch).catch((error: unknown) => {
      context.env.log.warn("room.notRenewed", { error: String(error) });
      scheduleRenewal(context, room);
    });
  });
}

async function renew(context: GroupsContext, room: Room, epoch: number): Promise<void> {
  const { renewal } = room;
  // The next connection sets the alarm anew.
  if (renewal === undefined || !context.link.live()) return;
  if (room.group?.epoch === epoch && !room.lost && !room.forked) {
    await context.store.transaction((tx) => wishRenewal(context, tx, room, epoch));
  }
  takeUp(room, renewal);
  pump(context, room);
}

/** Its turn has come, or somebody else has done it: then there is nothing left to do in it. */
function takeUp(room: Room, { wish }: NonNullable<Room["renewal"]>): void {
  room.renewal = undefined;
  if (wish !== undefined) room.postponed.delete(wish);
}
