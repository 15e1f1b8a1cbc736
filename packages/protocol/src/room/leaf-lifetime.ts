import type { Bytes } from "../bytes/index.ts";
import { struct, u16, u8 } from "../codec/index.ts";
import { Refusal } from "../refusals/index.ts";
import { componentOf } from "../safe-aad/index.ts";
import type { RoomState } from "./room-state.ts";

/** FED-1152: for how long a client may not have been there until it is taken out. */
export const LEAF_LIFETIME_COMPONENT = 0x800d;

const codec = struct({ version: u8, days: u16 });

/** Of a room that waits so many days for its clients; 0: for ever. */
export function encodeLeafLifetime(days: number): Bytes {
  return codec.encode({ version: 1, days });
}

/** In days; undefined where the room waits for ever, or says what cannot be read. */
export function leafLifetimeOf({
  otherComponents,
}: Pick<RoomState, "otherComponents">): number | undefined {
  const data = componentOf(otherComponents, LEAF_LIFETIME_COMPONENT);
  if (data === undefined) return undefined;
  try {
    const { days } = codec.decode(data);
    return days === 0 ? undefined : days;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
