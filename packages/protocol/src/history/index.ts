/** History that travels between clients: what its pieces hold, and how they are padded and bound. */
export {
  type GrantPiece,
  type HistoryGrant,
  historyGrantCodec,
  historyGrantContent,
  historyGrantOf,
} from "./grant.ts";
export { HISTORY_LIMITS } from "./limits.ts";
export { pad, unpad } from "./padding.ts";
export {
  encodeHistoryPolicy,
  HISTORY_POLICY_COMPONENT,
  type HistoryPolicy,
  historyPolicyOf,
} from "./policy.ts";
export { type HistoryPlace, historyPlace, historyPlaceCodec } from "./place.ts";
export {
  type HistoryRoom,
  type HistoryRow,
  type HistorySegment,
  historySegmentCodec,
} from "./segment.ts";
