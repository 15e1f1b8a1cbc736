import {
  ACCOUNT_EVENTS,
  type ContactReset,
  type Domain,
  domainOf,
  nameOf,
  toBase64Url,
  type UserReset,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { Heard } from "../contacts/index.ts";
import type { AuthenticationContext } from "../context.ts";

/**
 * Tells everybody who has to do with a user of this server that the account was reset, once: those
 * who have the user for a contact and those who share a room, here at once and elsewhere by their
 * servers. A server could say nothing; then contacts see another identity key before they add or
 * write to one (architecture §4), and this is so that they need not look.
 */
export async function tellOfReset(
  context: AuthenticationContext,
  tx: Tx,
  reset: UserReset,
): Promise<void> {
  const { contacts, domain, neighbours } = context;
  const { outbox, rooms } = neighbours.current;
  await tellOwnUsers(context, tx, reset);
  const companions = await rooms.companionsOf(tx, reset.user);
  const known = await contacts.domainsOf(tx, nameOf(reset.user));
  const peers = new Set<Domain>([...known, ...companions.map(domainOf)]);
  peers.delete(domain);
  for (const peer of [...peers].toSorted())
    await outbox.add(tx, peer, { kind: "userReset", ...reset });
}

/** A peer says that the account of a user of its own was reset. */
export async function hearUserReset(
  context: AuthenticationContext,
  tx: Tx,
  peer: Domain,
  reset: UserReset,
): Promise<Heard> {
  if (domainOf(reset.user) !== peer || peer === context.domain) return { rejected: "notAllowed" };
  const { users } = context.neighbours.current;
  await tellOwnUsers(context, tx, reset);
  tx.afterCommit(() => users.forget(reset.user));
  return {};
}

async function tellOwnUsers(
  context: AuthenticationContext,
  tx: Tx,
  { user, resetAt, identityKey }: UserReset,
): Promise<void> {
  const { inboxes } = context.neighbours.current;
  const said: ContactReset = { user, identityKey: toBase64Url(identityKey) };
  const data = utf8Encode(JSON.stringify(said));
  for (const owner of await concerned(context, tx, user)) {
    for (const { client } of await context.store.clientsOf(tx, owner)) {
      const name = ACCOUNT_EVENTS.contactReset;
      await inboxes.deliverAccountEvent(tx, { client, acceptedAt: resetAt, name, data });
    }
  }
}

/** By name; nobody who blocks the user. */
async function concerned(
  { contacts, domain, neighbours }: AuthenticationContext,
  tx: Tx,
  user: UserUri,
): Promise<readonly string[]> {
  const companions = await neighbours.current.rooms.companionsOf(tx, user);
  const here = companions.filter((companion) => domainOf(companion) === domain);
  const owners = new Set([...(await contacts.ownersOf(tx, user)), ...here.map(nameOf)]);
  const concern: string[] = [];
  for (const owner of [...owners].toSorted()) {
    const blocked = await contacts.blockedSince(tx, { owner, user });
    if (blocked === undefined) concern.push(owner);
  }
  return concern;
}
