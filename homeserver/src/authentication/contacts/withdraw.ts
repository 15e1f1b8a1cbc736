import type { Contact, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { withdraw } from "./relation.ts";
import { sideOf } from "./side-of.ts";
import { takeTurn } from "./turn.ts";

/**
 * Takes back what was asked of a user and every leave given to them; the other one is told. What
 * they ask still waits. Conversations with them go on.
 */
export function withdrawContact(
  context: AuthenticationContext,
  actor: UserUri,
  user: UserUri,
): Promise<Contact> {
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    const rows = await turn.rows(side);
    await turn.settle(side, rows, withdraw(rows));
  });
}
