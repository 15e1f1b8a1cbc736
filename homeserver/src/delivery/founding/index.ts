/** Room names that are given out, and the first group of a room. */
export { checkExternalSenders, foundRoom } from "./found.ts";
export { insertGroup } from "./insert-group.ts";
export { type ReservedRoom, reserveRoom, roomsFull } from "./reserve.ts";
