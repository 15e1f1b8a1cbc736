import { domainOf, nameOf, parseAddress, Refusal } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "./context.ts";

export type FoundUser = { readonly user: UserUri; readonly clientList: Bytes };

/**
 * Finds a user by the full address, and only by that. Answers the latest countersigned
 * client list. Refuses `unknownUser`, `nameInvalid` and `malformed`.
 */
export async function findUser(context: AuthenticationContext, text: string): Promise<FoundUser> {
  const { database, domain, store } = context;
  const user = parseAddress(text);
  const clientList =
    domainOf(user) === domain
      ? await database.read((tx) => store.clientList(tx, nameOf(user)))
      : undefined;
  if (!clientList) throw new Refusal("unknownUser", "there is no user with this address");
  return { user, clientList };
}
