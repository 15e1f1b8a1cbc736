import type { Refusal, RefusalCode } from "@treehouse/protocol";

/** The server may take the same request later. */
export function isPassing(refusal: Refusal): boolean {
  return passing.includes(refusal.code);
}

/** The own server answers, and cannot ask the room's hub now. */
export function isHubAway(refusal: Refusal): boolean {
  return hubAway.includes(refusal.code);
}

const hubAway: readonly RefusalCode[] = ["peerUnreachable", "peerLimited"];
const passing: readonly RefusalCode[] = [
  "rateLimited",
  "unavailable",
  "storageFull",
  "internal",
  // The own server will learn of the new hub in a moment.
  "roomMoved",
  // Until an operator has looked.
  "roomStopped",
  ...hubAway,
];

/** Nothing is wrong with the request: it may succeed after a login. */
export function isSessionOver(refusal: Refusal): boolean {
  return ["sessionEnded", "notAuthenticated"].includes(refusal.code);
}
