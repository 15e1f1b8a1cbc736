import { domainOf, nameOf } from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { ConsentQuestion } from "../ports.ts";

/**
 * `blocked` only where everybody else would be let in, so that saying "no leave" would tell of the
 * block; where leave is needed a block is the same as none.
 */
export type ConsentVerdict = "given" | "notGiven" | "blocked";

/**
 * Whether a user of this server lets somebody fetch their KeyPackages. Users of one server let each
 * other unless the operator has them ask; users of others need leave for any room, or for the one
 * that is named. The same is read in every case, also where there is no such user.
 */
export async function mayClaim(
  { contacts, domain, localContacts }: AuthenticationContext,
  tx: ReadTx,
  { requester, target, room }: ConsentQuestion,
): Promise<ConsentVerdict> {
  const side = { owner: nameOf(target), user: requester };
  const { given, blocked } = await contacts.standing(tx, side, room);
  const implied = domainOf(requester) === domain && localContacts === "implied";
  if (requester === target) return "given";
  if (blocked) return implied ? "blocked" : "notGiven";
  return given || implied ? "given" : "notGiven";
}
