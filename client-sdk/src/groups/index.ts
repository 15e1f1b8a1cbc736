/**
 * Rooms as this client holds them: MLS groups, their streams, and what the user wants done.
 *
 * From the ground up: a `room` and what it says of itself (`about`, `health`, `audit`, `governing`); messages
 * (`saying`) and changes (`changing`) as they are made; the ways in and back (`entering`, `joining`,
 * `rejoining`, `generations`, `moves`); the `pump` that works through wishes, and the `entries` that come;
 * `upkeep` of all rooms; and what is offered of them (`settings`, `views`).
 */
export { createGroups, type Done, type Groups } from "./create-groups.ts";
export type { Applied, RoomGap } from "./entries/index.ts";
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
  isHidden,
  peopleNoted,
  writePeople,
  type AboutTold,
  describeEvent as describeRoomEvent,
  parseEvent,
  type RoomEvent,
} from "./room/index.ts";
export type { KnownJoinLink } from "./joining/index.ts";
export { knownMetadataKeys, roomKnown, type AboutWish, encodePicture } from "./about/index.ts";
export { noteNewClient, noteOldStore, type KeyPackageStock } from "./upkeep/index.ts";
export {
  type NewRoom,
  type HistoryGranting,
  type JoinedAt,
  joinedAt,
  noteJoined,
} from "./changing/index.ts";
export { type HistoryPage, type HistoryRow, withChanges, type RoomInfo } from "./views/index.ts";
export type { PolicyInfo, RoleInfo, Sanctioned } from "./governing/index.ts";
export { facetsOf, eraseMessage, pinsOf } from "./saying/index.ts";
export type { AuditHead, AuditItem, AuditPage } from "./audit/index.ts";
export type { Claimed } from "./generations/index.ts";
export { type Alarm, type Alarms, createAlarms } from "./alarms.ts";
