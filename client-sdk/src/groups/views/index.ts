/** What is shown of rooms: reading alone. */
export { type DirectRoom, listDirectRooms } from "./direct-rooms.ts";
export { echoes } from "./echoes.ts";
export { findDirectRoom } from "./find-direct-room.ts";
export { findStrangers } from "./find-strangers.ts";
export {
  type HistoryPage,
  type HistoryRow,
  readHistory,
  readUnechoed,
  withChanges,
} from "./read-history.ts";
export { describeRoom, type RoomInfo } from "./room-info.ts";
export { roomSafety } from "./room-safety.ts";
