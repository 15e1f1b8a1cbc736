import type { Contact, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { decline } from "./relation.ts";
import { sideOf } from "./side-of.ts";
import { takeTurn } from "./turn.ts";

/** Puts aside what a user asks. Who asked is not told; a later request is shown again. */
export function declineContact(
  context: AuthenticationContext,
  actor: UserUri,
  user: UserUri,
): Promise<Contact> {
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    const rows = await turn.rows(side);
    await turn.settle(side, rows, decline(rows));
  });
}
