import type { RoomUri, UserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { CONTENT_EXTENSIONS, type MimiContent } from "./mimi-content.ts";

const YEAR_SECONDS = 366 * 24 * 3600;

/**
 * FED-820, FED-821: the rules of mimi-content-08 that depend on where and when a message arrived: it names the
 * sender of the leaf that signed it and the room that carried it, and does not expire more than a
 * year away from the hub's time of acceptance (milliseconds). Anything else is a Refusal
 * "invalidMessage".
 */
export function checkContent(
  content: MimiContent,
  arrival: { readonly sender: UserUri; readonly room: RoomUri; readonly acceptedAt: number },
): void {
  const { extensions, expires } = content;
  if (extensions.get(CONTENT_EXTENSIONS.senderUri) !== arrival.sender) {
    throw new Refusal("invalidMessage", "The message names another sender.");
  }
  if (extensions.get(CONTENT_EXTENSIONS.roomUri) !== arrival.room) {
    throw new Refusal("invalidMessage", "The message names another room.");
  }
  if (expires === undefined) return;
  const away = expires.relative ? expires.seconds : expires.seconds - arrival.acceptedAt / 1000;
  if (Math.abs(away) > YEAR_SECONDS) {
    throw new Refusal("invalidMessage", "The message expires more than a year away.");
  }
}
