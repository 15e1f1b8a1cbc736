/** Works through the wishes of a room, one at a time, until each is done or refused. */
export { closeRoom } from "./close-room.ts";
export { pump, type Step } from "./pump.ts";
export { tellStopped } from "./stopped.ts";
