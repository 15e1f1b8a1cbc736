import { type Bytes, type Domain, nameOf, type UserUri } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { forgetUser } from "../contacts/index.ts";
import type { AuthenticationContext } from "../context.ts";
import {
  checkFactor,
  type PendingPasswordProof,
  proofFailed,
  takePasswordProof,
} from "../login/index.ts";

/**
 * Deletes the account with everything that is the user's, in one transaction: sessions, clients with
 * their lists, inboxes and KeyPackages, contacts on both sides, and the places in rooms. Every server
 * that shares a room or a contact is told. What stays is a hash that keeps the name from being given
 * again. A session alone, perhaps a stolen one, is not enough, nor is the password beside it where the
 * account has a second factor.
 *
 * Refuses `loginFailed`, `factorRequired`, `factorInvalid` and `rateLimited`.
 */
export async function deleteAccount(
  context: AuthenticationContext,
  user: UserUri,
  proof: {
    readonly proofId: string;
    readonly finishLoginRequest: Bytes;
    readonly code: string | undefined;
  },
): Promise<void> {
  const proved = takePasswordProof(context, user, proof);
  await checkFactor(context, nameOf(user), proof.code);
  await context.database.transaction((tx) => deleteWithAll(context, tx, proved), { frees: true });
}

async function deleteWithAll(
  context: AuthenticationContext,
  tx: Tx,
  { user, credentialVersion }: PendingPasswordProof,
): Promise<void> {
  const { contacts, env, sessions, store } = context;
  const { assets, factors, inboxes, keyPackages, outbox } = context.neighbours.current;
  const name = nameOf(user);
  const account = await store.account(tx, name);
  // Whoever has changed the password meanwhile has the last word.
  if (!account || account.credentialVersion !== credentialVersion) throw proofFailed();

  const deletedAt = env.now();
  const peers = await peersOf(context, tx, user);
  for (const { id } of await store.sessionsOf(tx, name)) await sessions.end(tx, name, id);
  for (const { client } of await store.clientsOf(tx, name)) {
    await keyPackages.deleteOf(tx, client);
    await inboxes.deleteClient(tx, client);
  }
  await keyPackages.forgetUser(tx, user);
  await assets.deleteUser(tx, user);
  await contacts.forgetOwner(tx, name);
  await factors.forget(tx, user);
  await context.accountData.forgetOwner(tx, name);
  await context.privacy.forgetOwner(tx, name);
  await context.marks.forgetOwner(tx, name);
  await context.recovery.forgetOwner(tx, name);
  await context.resets.deleteReset(tx, name);
  await forgetUser(context, tx, user);
  await store.deleteAccount(tx, name, deletedAt);
  for (const peer of peers) await outbox.add(tx, peer, { kind: "userDeleted", user, deletedAt });
}

/** Takes the user out of all rooms; answers whom that, and the end of contacts, concerns. */
async function peersOf(
  { contacts, domain, neighbours }: AuthenticationContext,
  tx: Tx,
  user: UserUri,
): Promise<readonly Domain[]> {
  const sharing = await neighbours.current.rooms.deleteUser(tx, user);
  const known = await contacts.domainsOf(tx, nameOf(user));
  return [...new Set([...sharing, ...known])].filter((peer) => peer !== domain).toSorted();
}
