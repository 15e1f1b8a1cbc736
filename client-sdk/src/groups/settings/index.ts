/** What a room allows, and how long it keeps things. */
export { createRoomLife, type Intend, type RoomLife } from "./room-life.ts";
export { createRoomPolicy, type RoomPolicy } from "./room-policy.ts";
export { createRoomSettings, type RoomSettings } from "./room-settings.ts";
