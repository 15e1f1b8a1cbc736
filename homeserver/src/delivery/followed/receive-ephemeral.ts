import { decodeEntry, LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes, Domain, Entry } from "@treehouse/protocol";
import type { FollowedContext } from "./context.ts";

/**
 * Passes an ephemeral entry of a followed room on to whoever is connected, if the room's hub sent it
 * (FED-863). Anything else is dropped: it is worth neither a refusal nor an alarm.
 */
export async function receiveEphemeral(
  { followed, roomLog, count }: FollowedContext,
  peer: Domain,
  bytes: Bytes,
): Promise<void> {
  const entry = readEphemeral(bytes);
  if (entry === undefined) return;
  const room = await followed.get(entry.room);
  if (room === undefined || room.head.frozen) return;
  if (room.hub !== peer) {
    count("notHub");
    return;
  }
  if (entry.generation !== room.generation || entry.term < room.head.term) return;
  roomLog.pass(entry.room, bytes);
}

/** Undefined unless it is one, within the bounds of its message. */
function readEphemeral(bytes: Bytes): Entry | undefined {
  try {
    const entry = decodeEntry(bytes, "sliced");
    if (entry.kind !== "application" || !entry.ephemeral) return undefined;
    return entry.message.length > LIMITS.ephemeralMessageBytesMax ? undefined : entry;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
