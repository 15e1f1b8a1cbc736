import type { GroupsContext, Room } from "./context.ts";
import { repeatMessages } from "./lost-messages.ts";
import { pump } from "./pump.ts";

/** Those who come back do so within minutes; after this long, nobody is waited for any more. */
const returningMs = 60 * 60 * 1000;
/** Many come back at about the same time: once for all of them. */
const quietMs = 2_000;

/**
 * A member came back by an external commit into this epoch. After a restore that is one whose group
 * was ahead of the hub's: what was said, or said again, between the restore and its return it could
 * not read. So everybody says their own part of it once more, under the ids that it has; whoever has
 * it drops it.
 */
export function noteReturn(
  context: GroupsContext,
  room: Room,
  comeback: { readonly position: number; readonly epoch: number },
): void {
  const { setBack } = room.hub;
  const lately = setBack !== undefined && context.env.now() - setBack.at < returningMs;
  const from = lately ? setBack.from : room.missedBy?.from;
  room.missedBy = { epoch: comeback.epoch, from, upTo: comeback.position };
  if (lately) arm(context, room);
}

/**
 * A message of this client was taken behind a return, in an epoch before it: the hub still takes
 * those for a while, and who returned cannot read them. It is said once more.
 */
export function noteLate(
  context: GroupsContext,
  room: Room,
  message: { readonly position: number; readonly epoch: number | undefined },
): void {
  const { missedBy } = room;
  if (missedBy === undefined || message.epoch === undefined) return;
  if (message.epoch >= missedBy.epoch) return;
  const { position } = message;
  room.missedBy = { ...missedBy, from: missedBy.from ?? position, upTo: position };
  arm(context, room);
}

function arm(context: GroupsContext, room: Room): void {
  room.repeating.cancel();
  room.repeating.set(quietMs, () => {
    repeat(context, room).catch((error: unknown) => {
      context.env.log.warn("repeating.failed", { error: String(error) });
    });
  });
}

async function repeat(context: GroupsContext, room: Room): Promise<void> {
  const { missedBy } = room;
  if (missedBy?.from === undefined) return;
  const { from, upTo } = missedBy;
  room.missedBy = { ...missedBy, from: undefined };
  await room.serial.run(() =>
    context.store.transaction((tx) => repeatMessages(context, tx, room.uri, from, upTo)),
  );
  pump(context, room);
}
