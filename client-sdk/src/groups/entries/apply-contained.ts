import type { Bytes } from "@treehouse/protocol";

import { type GroupsContext, noteDamage, type Room } from "../room/index.ts";
import type { Applied } from "./apply-entry.ts";
import { applyEntries } from "./apply-entries.ts";

/**
 * `applyEntries` in the room's `serial`. `passed`: the room is damaged and nothing came of these entries;
 * they are not acknowledged, and come again.
 */
export async function applyContained(
  context: GroupsContext,
  room: Room,
  list: readonly Bytes[],
): Promise<readonly (Applied | "passed")[]> {
  try {
    return await room.serial.run(() => applyEntries(context, room, list));
  } catch (error) {
    if (!noteDamage(context, room, error)) throw error;
    return list.map(() => "passed");
  }
}
