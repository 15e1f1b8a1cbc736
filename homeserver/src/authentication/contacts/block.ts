import type { Contact, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { refuseTooManyContacts } from "./request.ts";
import { sideOf } from "./side-of.ts";
import { takeTurn } from "./turn.ts";

/**
 * Shuts a user out: no KeyPackages, no requests. It lies over everything else and is told to nobody;
 * whoever is blocked sees what they saw before. Anybody can be blocked, whether they exist or not.
 * Refuses `notAllowed` and `limitExceeded`.
 */
export function blockContact(
  context: AuthenticationContext,
  actor: UserUri,
  user: UserUri,
): Promise<Contact> {
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    const { state } = await turn.contact(side);
    if (state === "none") await refuseTooManyContacts(turn, side);
    await turn.block(side);
  });
}

/** What was there before the block is there again, but for what was dropped meanwhile. */
export function unblockContact(
  context: AuthenticationContext,
  actor: UserUri,
  user: UserUri,
): Promise<Contact> {
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    await turn.unblock(side);
  });
}
