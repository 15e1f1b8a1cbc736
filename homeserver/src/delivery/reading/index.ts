/** What members and other servers read of a room. */
export { checkFollowedBy } from "./check-followed-by.ts";
export { readGroupInfo } from "./group-info.ts";
export { listRooms } from "./list-rooms.ts";
export { type EventsRange, readEvents, readStanding } from "./read-events.ts";
export { ratchetTreeOf, readTree } from "./tree.ts";
