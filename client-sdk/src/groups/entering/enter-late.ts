import { type GroupsContext, type Room, firstWelcome } from "../room/index.ts";
import { enterAgain } from "./enter-room.ts";
import { fetchTree } from "./join-welcome.ts";

/**
 * Tries a Welcome once more whose tree could not be had. The tree is asked for outside of `serial`:
 * a hub that takes its time must not hold up the streams. Answers how long to wait, or 0.
 */
export async function enterLate(context: GroupsContext, room: Room): Promise<number> {
  const untilDue = () => Math.max(0, (room.late?.due ?? 0) - context.env.monotonic());
  if (untilDue() > 0) return untilDue();
  const waiting = await context.store.transaction((tx) => firstWelcome(tx, room.uri));
  if (waiting === undefined) return 0;
  const tree = fetchTree(context, waiting.welcome);
  await tree.catch(() => undefined);
  return room.serial.run(async () => {
    const { late } = room;
    const entering = await enterAgain(context, room, () => tree);
    if (entering === "waits") return Math.max(1, untilDue());
    // Whoever waits for the room, or for what was passed over, is served by the streams alone.
    if (late !== undefined && (late.passedOver || !late.hubAway)) context.link.reread();
    return 0;
  });
}
