import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  type Component,
  encodeSafeAad,
  LABELS,
  SENDER_CHAIN_COMPONENT,
} from "@treehouse/protocol";

import { forkTagLength } from "../health/index.ts";

/**
 * What every message of ours carries in its authenticated data: the epoch, a tag that differs
 * between forks of an epoch, and the last position this client has applied (T-15). `link` places an
 * application message among its sender's (T-14); `beside` is what a commit says beside.
 */
export async function authenticatedData(
  group: MemberGroup,
  lastPosition: number,
  link?: Bytes,
  beside: readonly Component[] = [],
): Promise<Bytes> {
  const forkTag = await group.exportSecret(LABELS.forkTag, new Uint8Array(), forkTagLength);
  const own = link === undefined ? [] : [{ component: SENDER_CHAIN_COMPONENT, data: link }];
  const others = [...own, ...beside];
  return encodeSafeAad({ treehouse: { epoch: group.epoch, forkTag, lastPosition }, others });
}
