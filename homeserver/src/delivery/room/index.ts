/** A hosted room as checks see it, the end of its log, and what every request about it goes through. */
export { createRoomCache, notHosted, type RoomCache } from "./cache.ts";
export { signedHeadOf } from "./heads.ts";
export {
  checkListedClient,
  listedClient,
  type ListedClientKeys,
  listRemoteClients,
  type RemoteClients,
} from "./identity.ts";
export { keepSuccess } from "./keep-success.ts";
export { appendEntry, appendMessage, hasMoved, type Parcel } from "./log.ts";
export {
  adoptedKey,
  answerExpiry,
  answerOnce,
  type Attempt,
  busy,
  earlierAnswer,
  MOVED,
  type Request,
  requestKey,
} from "./request.ts";
export {
  dueRemovals,
  type HostedRoom,
  hostedRoom,
  leavesOfUser,
  proposedRemovals,
  startOf,
  stillHeld,
  storedEpoch,
  waitForProposals,
} from "./room.ts";
export { rosterBefore } from "./roster-before.ts";
export { readSignedHead } from "./signed-head.ts";
