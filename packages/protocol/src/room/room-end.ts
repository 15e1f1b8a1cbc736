import type { Bytes } from "../bytes/index.ts";
import { struct, u8 } from "../codec/index.ts";
import { componentOf } from "../safe-aad/index.ts";
import type { RoomState } from "./room-state.ts";

/** FED-1150: present in the state of the last epoch of a room that its owners have ended. */
export const ROOM_END_COMPONENT = 0x800c;

const codec = struct({ version: u8 });

export function encodeRoomEnd(): Bytes {
  return codec.encode({ version: 1 });
}

/** Whether the room is ended with this state: nothing comes after it. */
export function isEnded({ otherComponents }: Pick<RoomState, "otherComponents">): boolean {
  return componentOf(otherComponents, ROOM_END_COMPONENT) !== undefined;
}
