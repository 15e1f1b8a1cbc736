import { formatAddress, Refusal, type UserUri } from "@treehouse/protocol";

import { isHubAway } from "../room/index.ts";

/**
 * The server of somebody who is to be added cannot be asked now. The room can: nothing else of it waits for
 * them, and whoever wished it is told, as at a first conversation with them.
 */
export class UnreachableUser extends Refusal {
  constructor(user: UserUri, refusal: Refusal) {
    const text = `${formatAddress(user)} cannot be added now: ${refusal.message}`;
    super(refusal.code, text, refusal.data);
  }
}

/** Tells what was refused about a user apart from what the room's hub refuses. */
export function aboutUser(user: UserUri, error: unknown): unknown {
  return error instanceof Refusal && isHubAway(error) ? new UnreachableUser(user, error) : error;
}
