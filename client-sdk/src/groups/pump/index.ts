/** Works through the wishes of a room, one at a time, until each is done or refused. */
export { pump, type Step } from "./pump.ts";
