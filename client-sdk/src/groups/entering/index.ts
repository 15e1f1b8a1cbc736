/** The ways in by a Welcome. */
export { enterLate } from "./enter-late.ts";
export { enterAgain, enterRoom, supersede } from "./enter-room.ts";
