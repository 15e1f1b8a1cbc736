import { domainOf, nameOf } from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { ConsentQuestion } from "../ports.ts";
import { mayFind } from "../privacy/index.ts";

/** A block is no leave, and is called nothing else. `hidden`: who asks may not find the user. */
export type ConsentVerdict = "given" | "notGiven" | "hidden";

/**
 * Whether a user of this server lets somebody fetch their KeyPackages. Users of one server let each
 * other unless the operator has them ask; users of others need leave for any room, or for the one
 * that is named. A user may have those of the own server ask, too. The same is read in every case,
 * also where there is no such user.
 */
export async function mayClaim(
  context: AuthenticationContext,
  tx: ReadTx,
  { requester, target, room }: ConsentQuestion,
): Promise<ConsentVerdict> {
  const { contacts, domain, localContacts, privacy } = context;
  const side = { owner: nameOf(target), user: requester };
  const { given, blocked } = await contacts.standing(tx, side, room);
  const { adding } = await privacy.of(tx, nameOf(target));
  const colleagues = domainOf(requester) === domain && localContacts === "implied";
  const implied = colleagues && adding === "ownServer";
  const found = await mayFind(context, tx, target, { kind: "user", user: requester });
  if (requester === target) return "given";
  if (!found) return "hidden";
  return !blocked && (given || implied) ? "given" : "notGiven";
}
