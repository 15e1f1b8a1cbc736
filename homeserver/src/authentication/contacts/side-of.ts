import { nameOf, Refusal } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import type { Side } from "./store.ts";
import type { Turn } from "./turn.ts";

/** The acting user's side of what is between her and somebody else. Refuses `notAllowed`. */
export function sideOf(actor: UserUri, user: UserUri): Side {
  if (actor === user) throw new Refusal("notAllowed", "nobody is a contact of their own");
  return { owner: nameOf(actor), user };
}

/** Whoever is blocked is let in by unblocking first, so that it never happens by the way. */
export async function refuseIfBlocked({ context, tx }: Turn, side: Side): Promise<void> {
  if ((await context.contacts.blockedSince(tx, side)) === undefined) return;
  throw new Refusal("notAllowed", "you have blocked this user; unblock them first");
}
