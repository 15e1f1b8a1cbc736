/** Commits and proposals: checked outside of transactions, taken or refused whole. */
export { type AcceptableCommit, mayCome } from "./check-commit.ts";
export { changePeers } from "./membership.ts";
export { updateRoom } from "./update.ts";
