import { type Bytes, copyBytes, type GroupUri } from "@treehouse/protocol";

import { readContext } from "../validity/index.ts";
import { decodeUntrusted, groupInfoKind } from "../wire/index.ts";

/**
 * What a GroupInfo says of its group. Nothing is checked but the form: whoever acts on it joins, and
 * joining checks everything. Refuses malformed, tooLarge and invalidCommit.
 */
export function readGroupInfo(bytes: Bytes): {
  readonly group: GroupUri;
  readonly epoch: number;
  readonly roomState: Bytes;
  readonly transcript: Bytes;
} {
  const { groupContext } = decodeUntrusted(groupInfoKind, bytes);
  const { group, epoch, roomState } = readContext(groupContext);
  return { group, epoch, roomState, transcript: copyBytes(groupContext.confirmedTranscriptHash) };
}
