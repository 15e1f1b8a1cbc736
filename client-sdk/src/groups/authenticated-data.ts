import type { MemberGroup } from "@treehouse/mls/member";
import { type Bytes, encodeSafeAad, LABELS } from "@treehouse/protocol";

const forkTagLength = 16;

/**
 * What every message of ours carries in its authenticated data: the epoch, a tag that differs
 * between forks of an epoch, and the last position this client has applied (T-15).
 */
export async function authenticatedData(group: MemberGroup, lastPosition: number): Promise<Bytes> {
  const forkTag = await group.exportSecret(LABELS.forkTag, new Uint8Array(), forkTagLength);
  return encodeSafeAad({ treehouse: { epoch: group.epoch, forkTag, lastPosition }, others: [] });
}
