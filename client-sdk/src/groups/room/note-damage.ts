import { StoreFault } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";

/** Whether something of this room, its group above all, is not in the store as it should be. */
export function isDamage(error: unknown): boolean {
  return error instanceof StoreFault && error.code === "storeDamaged";
}

/**
 * One damaged room must not keep the others from going on. Where its group cannot be had, this client
 * comes back into it by a commit of its own. Answers whether the error means that.
 */
export function noteDamage(
  { env }: Pick<GroupsContext, "env">,
  room: Room,
  error: unknown,
): boolean {
  if (!isDamage(error)) return false;
  env.log.error("room.damaged", { error: String(error) });
  if (room.group === undefined) room.lost = true;
  return true;
}
