import type { MemberGroup } from "@treehouse/mls/member";
import { type Bytes, encodeSafeAad, LABELS, SENDER_CHAIN_COMPONENT } from "@treehouse/protocol";

import { forkTagLength } from "./health/index.ts";

/**
 * What every message of ours carries in its authenticated data: the epoch, a tag that differs
 * between forks of an epoch, and the last position this client has applied (T-15). `link` places an
 * application message among its sender's (T-14).
 */
export async function authenticatedData(
  group: MemberGroup,
  lastPosition: number,
  link?: Bytes,
): Promise<Bytes> {
  const forkTag = await group.exportSecret(LABELS.forkTag, new Uint8Array(), forkTagLength);
  const others = link === undefined ? [] : [{ component: SENDER_CHAIN_COMPONENT, data: link }];
  return encodeSafeAad({ treehouse: { epoch: group.epoch, forkTag, lastPosition }, others });
}
