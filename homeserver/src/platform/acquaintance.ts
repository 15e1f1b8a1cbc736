import type { Domain, UserUri } from "@treehouse/protocol";

/** Somebody who may know a user, or a server of which any user may. */
export type Acquaintance =
  | { readonly kind: "user"; readonly user: UserUri }
  | { readonly kind: "server"; readonly domain: Domain };

/** Their URIs as a range, the end left out: of one user, or of all of a server. */
export function usersMeant(who: Acquaintance): readonly [from: string, to: string] {
  if (who.kind === "user") return [who.user, `${who.user}\0`];
  return [`mimi://${who.domain}/u/`, `mimi://${who.domain}/u0`];
}
