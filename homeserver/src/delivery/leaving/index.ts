/** Who goes: leaves that shall be removed, users and clients that are gone, and rooms that end. */
export { type Breaths, createBreaths } from "./breaths.ts";
export { noteDeparture, settleDepartures } from "./departures.ts";
export { endRoom, isOver } from "./end-room.ts";
export { leaveRoom, proposeDue } from "./leave.ts";
export { revokedLeafKeptMs } from "./limits.ts";
export { noteRevocation, settleRevocations } from "./revocations.ts";
export { settling } from "./settling.ts";
export { settleUnseen, unseenAmong, unseenIntervalMs } from "./unseen.ts";
