import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeSafeAad,
  equalBytes,
  LABELS,
  LIMITS,
  Refusal,
} from "@treehouse/protocol";

import type { Room } from "../room/index.ts";

export const forkTagLength = 16;

/**
 * Tells this epoch from other continuations of the room (T-15). Remembered for as many epochs as
 * messages come from.
 */
export async function forkTagOf(room: Room, group: MemberGroup): Promise<Bytes> {
  const known = room.forkTags.get(group.epoch);
  if (known !== undefined) return known;
  const tag = await group.exportSecret(LABELS.forkTag, new Uint8Array(), forkTagLength);
  room.forkTags.set(group.epoch, tag);
  for (const epoch of room.forkTags.keys()) {
    if (epoch < group.epoch - LIMITS.epochWindowEpochs) room.forkTags.delete(epoch);
  }
  return tag;
}

/** Whether what came says that its sender was in another continuation of an epoch than this client. */
export function isOfOtherFork(
  { forkTags }: Pick<Room, "forkTags">,
  epoch: number,
  authenticatedData: Bytes,
): boolean {
  const own = forkTags.get(epoch);
  if (own === undefined) return false;
  try {
    const { treehouse } = decodeSafeAad(authenticatedData);
    return (
      treehouse !== undefined && treehouse.epoch === epoch && !equalBytes(treehouse.forkTag, own)
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return false;
  }
}

export const otherForkText =
  "This was encrypted in another continuation of the conversation than this client is in. Either its " +
  "sender is at fault, or the server shows people different conversations: compare safety numbers.";
