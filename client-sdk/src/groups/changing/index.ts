/** What the user wants changed in a room, as proposals and commits. */
export { buildCommit, encodeUsers, finishCommit, settledState } from "./commit-intent.ts";
export { finishFounding, type NewRoom, prepareRoom } from "./found-room.ts";
export * from "./history-policy.ts";
export { encodeLinkWish, withTicket } from "./link-wish.ts";
export { noConsent } from "./no-consent.ts";
export { ownLeavesOf } from "./own-leaf.ts";
export { UnreachableUser } from "./unreachable-user.ts";
export { encodeComponent, encodeExpiration } from "./wished-state.ts";
