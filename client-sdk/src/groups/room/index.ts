/** A room as this client holds it: its group, its record, and what the context of all operations is. */
export { capabilitiesOf, speakingVerdict } from "./capabilities-of.ts";
export { policyBefore, type PolicyBefore, violationOf, wayOf } from "./check-policy.ts";
export {
  type AccountEvents,
  type Ears,
  type GroupsContext,
  type KnownUser,
  type Link,
  type MessageReader,
  type Newcomers,
  type People,
  type ReadMessage,
  type Rollback,
  type Room,
} from "./context.ts";
export {
  entryRow,
  type EntryWrite,
  fault,
  nothing,
  restoredRow,
  restoredText,
  tellFault,
  tellFaultAt,
} from "./entry-write.ts";
export { checkRunning, ForbiddenCommit, type Halt, haltAt } from "./halt.ts";
export {
  type HubRecord,
  newHubRecord,
  readHubRecord,
  withSetBack,
  writeHubRecord,
} from "./hub-record.ts";
export { loadGroup } from "./load-group.ts";
export { isDamage, noteDamage } from "./note-damage.ts";
export { isHubAway, isPassing, isSessionOver } from "./passing.ts";
export {
  changedKeyText,
  checkKeysAccepted,
  noteKeyNumbers,
  pinMembers,
  tellChangedKeys,
  unvouchedText,
} from "./pin-members.ts";
export { isHidden, noteInviter, type Reception, receptionOf } from "./reception.ts";
export { endOf, type RoomEnd, tellEnd, writeEnd } from "./room-end.ts";
export { type AboutTold, describeEvent, parseEvent, type RoomEvent } from "./room-event.ts";
export { forgetOwnEntry, goOnBeforeOwnEntry, ownEntryBehind, readUpTo } from "./own-entry.ts";
export { noEpoch, peopleNoted, writePeople } from "./room-people.ts";
export {
  dropFirstWelcome,
  dropPastWelcomes,
  firstWelcome,
  keepWelcome,
  roomsWithWelcome,
  type WelcomeEntry,
} from "./waiting-welcomes.ts";
export { dropUnvouched, noteUnvouched, unvouchedMembers } from "./unvouched.ts";
export { viewOf } from "./view-of-group.ts";
export { forgetGroup, writeWithGroup } from "./write-with-group.ts";
export { dropWishes } from "./drop-wishes.ts";
