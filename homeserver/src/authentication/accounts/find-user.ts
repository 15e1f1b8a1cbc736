import {
  type Bytes,
  CLIENT_LISTS_PER_ANSWER,
  domainOf,
  LIMITS,
  nameOf,
  parseAddress,
  Refusal,
  type UserUri,
} from "@treehouse/protocol";
import type { Acquaintance } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { RemoteUser } from "../ports.ts";
import { mayFind } from "../privacy/index.ts";

export type FoundUser = RemoteUser & { readonly user: UserUri };

/**
 * Finds a user by the full address, and only by that, on whichever server she is. Answers
 * the latest client list and the keys with which her own server countersigns; with `fresh` not what
 * another server has answered a while ago. Who does not want to be found by the asker is as if not there.
 *
 * Refuses `unknownUser`, `nameInvalid`, `malformed`, and of users elsewhere `peerUnreachable`
 * and `peerDenied`.
 */
export async function findUser(
  context: AuthenticationContext,
  asker: UserUri,
  text: string,
  options: { readonly fresh: boolean },
): Promise<FoundUser> {
  const user = parseAddress(text);
  const found =
    domainOf(user) === context.domain
      ? await findLocalUser(context, user, { kind: "user", user: asker })
      : await context.neighbours.current.users.find(user, options);
  if (!found) throw new Refusal("unknownUser", "there is no user with this address");
  return { user, clientList: found.clientList, countersigners: found.countersigners };
}

/** A user of this server; undefined when there is none, or none for who asks. */
export async function findLocalUser(
  context: AuthenticationContext,
  user: UserUri,
  asker: Acquaintance,
): Promise<RemoteUser | undefined> {
  const { database, domain, store } = context;
  if (domainOf(user) !== domain) return undefined;
  const clientList = await database.read(async (tx) => {
    const found = await mayFind(context, tx, user, asker);
    const list = await store.clientList(tx, nameOf(user));
    return found ? list : undefined;
  });
  return clientList && { clientList, countersigners: serverKeys(context) };
}

/** The keys with which this server countersigns, the current one first. */
export function serverKeys({
  countersignatureKey: { kid, publicKey },
}: AuthenticationContext): RemoteUser["countersigners"] {
  return [{ kid, key: publicKey }];
}

/**
 * What lies between a client list that was seen before and the newest one, so that whoever missed
 * versions sees that each follows from the one before. Refuses like `findUser`.
 */
export async function findLists(
  context: AuthenticationContext,
  asker: UserUri,
  text: string,
  after: number,
): Promise<readonly Bytes[]> {
  const user = parseAddress(text);
  const found =
    domainOf(user) === context.domain
      ? await findLocalLists(context, { user, after }, { kind: "user", user: asker })
      : await context.neighbours.current.users.lists(user, after);
  if (found.length === 0) throw new Refusal("unknownUser", "there is no later list of this user");
  return found;
}

/** As many as an answer between servers holds. */
export async function findLocalLists(
  context: AuthenticationContext,
  { user, after }: { readonly user: UserUri; readonly after: number },
  asker: Acquaintance,
): Promise<readonly Bytes[]> {
  const { database, domain, store } = context;
  if (domainOf(user) !== domain) return [];
  const range = { after, limit: CLIENT_LISTS_PER_ANSWER };
  const lists = await database.read(async (tx) => {
    const found = await mayFind(context, tx, user, asker);
    const later = await store.clientListsAfter(tx, nameOf(user), range);
    return found ? later : [];
  });
  let length = 0;
  return lists.filter((list, index) => {
    length += list.length;
    return index === 0 || length <= listsBytesMax;
  });
}

/** What stands around them fits beside them. */
const listsBytesMax = LIMITS.identifierAnswerBytesMax - 1024;
