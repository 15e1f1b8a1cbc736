import type { GroupsContext, Room } from "./context.ts";
import { pump } from "./pump.ts";

const firstDelayMs = 1_000;
const delayPerLeafMs = 500;

/**
 * Sees to it that proposed removals are committed also when nobody wants to send: each member
 * waits longer the further right its leaf is, so that usually one commit is made and not many.
 */
export function scheduleTidying(context: GroupsContext, room: Room): void {
  const { group } = room;
  if (group === undefined || !group.active || group.pendingRemovals.length === 0) {
    room.tidying.cancel();
    return;
  }
  const before = group.members().filter(({ leaf }) => leaf < group.ownLeaf).length;
  room.tidying.set(firstDelayMs + before * delayPerLeafMs, () => {
    commitRemovals(context, room).catch((error: unknown) => {
      context.env.log.warn("tidying.failed", { error: String(error) });
    });
  });
}

async function commitRemovals(context: GroupsContext, room: Room): Promise<void> {
  const pending = room.group?.pendingRemovals ?? [];
  if (pending.length === 0 || !context.link.live()) return;
  await context.store.transaction((tx) => {
    if (tx.intents.list(room.uri).some(({ kind }) => kind === "commit")) return;
    const body = new Uint8Array();
    tx.intents.add({ room: room.uri, kind: "commit", createdAt: context.env.now(), body });
  });
  pump(context, room);
}
