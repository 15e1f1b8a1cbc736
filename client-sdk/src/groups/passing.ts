import type { Refusal, RefusalCode } from "@treehouse/protocol";

/** The server may take the same request later. */
export function isPassing(refusal: Refusal): boolean {
  return passing.includes(refusal.code);
}

const passing: readonly RefusalCode[] = [
  "rateLimited",
  "unavailable",
  "storageFull",
  "internal",
  "peerUnreachable",
  "peerLimited",
];

/** Nothing is wrong with the request: it may succeed after a login. */
export function isSessionOver(refusal: Refusal): boolean {
  return ["sessionEnded", "notAuthenticated"].includes(refusal.code);
}
