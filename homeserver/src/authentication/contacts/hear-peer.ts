import { domainOf, nameOf, Refusal, userOfClient } from "@treehouse/protocol";
import type {
  ClientRevoked,
  ConsentEntry,
  Domain,
  RefusalCode,
  UserDeleted,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { ContactLimits } from "./limits.ts";
import { receive } from "./receive.ts";
import { Turn } from "./turn.ts";

/** What became of an item of a peer. Without a code it was received, and nothing more is said. */
export type Heard = { readonly rejected?: RefusalCode };

/**
 * Takes what a peer says about consent. A peer speaks for its own users only, and to users of this
 * server: for who asks when it asks or cancels, for who is asked when it grants or revokes. All else
 * is `notAllowed`.
 */
export async function hearConsent(
  context: AuthenticationContext,
  limits: ContactLimits,
  tx: Tx,
  peer: Domain,
  entry: ConsentEntry,
): Promise<Heard> {
  const asks = entry.operation === "request" || entry.operation === "cancel";
  const [speaker, hearer] = asks
    ? [entry.requester, entry.target]
    : [entry.target, entry.requester];
  if (domainOf(speaker) !== peer || domainOf(hearer) !== context.domain) {
    return { rejected: "notAllowed" };
  }
  // Who says something may be found now by those who could not before.
  tx.afterCommit(() => context.neighbours.current.users.forget(speaker));
  // Whoever asks too often is not told that nobody listens any more.
  if (entry.operation === "request" && isTooOften(limits, tx, entry)) return {};
  const turn = new Turn(context, tx);
  await receive(turn, { owner: nameOf(hearer), user: speaker }, entry);
  await turn.end();
  return {};
}

/** Forgets a user of a peer whose account is gone, in contacts, rooms and KeyPackages. */
export async function hearUserDeleted(
  context: AuthenticationContext,
  tx: Tx,
  peer: Domain,
  { user }: UserDeleted,
): Promise<Heard> {
  if (domainOf(user) !== peer || peer === context.domain) return { rejected: "notAllowed" };
  await forgetUser(context, tx, user);
  const { keyPackages, rooms, users } = context.neighbours.current;
  await keyPackages.forgetUser(tx, user);
  await rooms.deleteUser(tx, user);
  tx.afterCommit(() => users.forget(user));
  return {};
}

/** A user of a peer has revoked a client: the rooms hosted here let go of it (FED-970). */
export async function hearClientRevoked(
  { domain, neighbours }: AuthenticationContext,
  tx: Tx,
  peer: Domain,
  { client, revokedAt }: ClientRevoked,
): Promise<Heard> {
  const user = userOfClient(client);
  if (domainOf(user) !== peer || peer === domain) return { rejected: "notAllowed" };
  const { rooms, users } = neighbours.current;
  await rooms.revokeClient(tx, { user, client, revokedAt });
  tx.afterCommit(() => users.forget(user));
  return {};
}

/** Takes a user who is gone off everybody's contacts, and tells those who had something there. */
export async function forgetUser(
  context: AuthenticationContext,
  tx: Tx,
  user: UserDeleted["user"],
): Promise<void> {
  const turn = new Turn(context, tx);
  for (const owner of await context.contacts.ownersOf(tx, user)) {
    await turn.forget({ owner, user });
  }
  await turn.end();
}

function isTooOften(
  { contactRequestPerPair }: ContactLimits,
  tx: Tx,
  { requester, target }: ConsentEntry,
): boolean {
  const pair = `${requester} ${target}`;
  try {
    contactRequestPerPair.take(pair);
    // Another item of the batch may take this one back with it, and then it comes again.
    tx.afterRollback(() => contactRequestPerPair.giveBack(pair));
    return false;
  } catch (error) {
    if (error instanceof Refusal) return true;
    throw error;
  }
}
