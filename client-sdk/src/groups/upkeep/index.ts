/** What is done without being asked: at each connection, after a restore, and against what leaves behind. */
export { comeBack } from "./come-back.ts";
export { noteOldStore, noteRestored } from "./forgotten-rooms.ts";
export type { KeyPackageStock } from "./publish-key-packages.ts";
export {
  catchUpEvents,
  compareRooms,
  enterRooms,
  refill,
  refreshSelf,
  resumeRooms,
} from "./resume.ts";
export { missingRooms, noteNewClient } from "./rooms-of-user.ts";
export { scheduleTidying } from "./tidy-removals.ts";
