/** Messages: what is said, in which order by whom, what changes it, and how it is sent until it is there. */
export { authenticatedData } from "./authenticated-data.ts";
export { heldMessages, holdSends, releaseHeld, tellHeld } from "./held-messages.ts";
export { lostMessages, repeatMessages, sendStoredAgain } from "./lost-messages.ts";
export { buildSend, finishMessage, finishPassed, finishSend, ownMessage } from "./send-intent.ts";
export {
  leapAfterReturn,
  linkOf,
  loosenAfterReturn,
  noteLink,
  type OrderFinding,
  passPending,
} from "./sender-chain.ts";
export { callsRoom, facetsOf, names, tellContained } from "./what-is-said.ts";
export { changedMessage, eraseMessage, pinsOf, writeChange } from "./write-change.ts";
