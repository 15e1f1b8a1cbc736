import type { Refusal } from "@treehouse/protocol";

/** The server may take the same request later. */
export function isPassing(refusal: Refusal): boolean {
  return ["rateLimited", "unavailable", "storageFull", "internal"].includes(refusal.code);
}

/** Nothing is wrong with the request: it may succeed after a login. */
export function isSessionOver(refusal: Refusal): boolean {
  return ["sessionEnded", "notAuthenticated"].includes(refusal.code);
}
