import {
  type Bytes,
  clientListHash,
  equalBytes,
  leafIdentityCodec,
  nameOf,
  Refusal,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import {
  type CheckedIdentity,
  checkIdentity,
  type ClaimedIdentity,
  countersign,
  verifier,
} from "../clients/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { Enrolled } from "../accounts/index.ts";
import { checkBundle } from "../login/index.ts";
import { doneMail } from "./mails.ts";
import { resetInvalid } from "./start.ts";
import { tellOfReset } from "./tell-contacts.ts";

export type FinishResetRequest = ClaimedIdentity & {
  readonly resetId: string;
  /** Of the second factor, if the account has one. */
  readonly code: string | undefined;
  readonly registrationRecord: Bytes;
  readonly recoveryBundle: Bytes;
  readonly clientName: string | undefined;
};

/**
 * The second half: the account begins again with another identity and one client, and the former
 * one ends, in one transaction. Sessions, KeyPackages, inboxes, account data and the old bundle go;
 * name, rights, contacts, address and second factor stay. Leaves in rooms stay as well: no act of
 * this server alters a room, and no client of the new identity can come in by itself. Contacts and
 * companions are told once, on every server. The token is used up with it, and not before.
 *
 * Refuses `resetInvalid`, `identityInvalid`, `malformed`, `limitExceeded`, and where the account has
 * a second factor `factorRequired`, `factorInvalid` and `rateLimited`.
 */
export async function finishReset(
  context: AuthenticationContext,
  request: FinishResetRequest,
): Promise<Enrolled> {
  const { database, domain, env, neighbours, opaque, pendingResets, signatures } = context;
  const pending = pendingResets.peek(request.resetId);
  if (!pending) throw resetInvalid();
  const { user, tokenHash } = pending;
  const name = nameOf(user);
  checkBundle(request.recoveryBundle);
  opaque.checkRecord(request.registrationRecord);
  const identity = checkIdentity(request, { user, at: env.now(), verify: verifier(signatures) });
  await checkFactor(context, name, tokenHash, request.code);
  const { signedList, leafIdentity } = countersign(context, identity);
  const clientList = signedClientListCodec.encode(signedList);
  const { client } = identity.attestation;
  const session = await database.transaction(async (tx) => {
    await checkToken(context, tx, name, tokenHash);
    await checkIsNew(context, tx, name, identity);
    await endFormer(context, tx, user);
    await context.resets.startIdentity(tx, {
      name,
      identityKey: signedList.certificate.identityKey,
      passwordRecord: request.registrationRecord,
      recoveryBundle: request.recoveryBundle,
      createdAt: env.now(),
      list: {
        version: signedList.list.version,
        hash: clientListHash(signedList.list),
        signedList: clientList,
      },
      clients: [{ ...identity.attestation, leafIdentity: leafIdentityCodec.encode(leafIdentity) }],
    });
    const { identityKey } = signedList.certificate;
    await tellOfReset(context, tx, { user, resetAt: env.now(), identityKey });
    return context.sessions.open(tx, { name, client, clientName: request.clientName });
  });
  pendingResets.take(request.resetId);
  neighbours.current.mailboxes.mail(name, doneMail(domain, user));
  return {
    user,
    client,
    session,
    clientList,
    attestationCountersignature: leafIdentity.countersignature,
    countersigner: leafIdentity.countersigner,
  };
}

/** A mailbox stands for a forgotten password, and not for the second factor beside it. */
async function checkFactor(
  context: AuthenticationContext,
  name: string,
  tokenHash: Bytes,
  code: string | undefined,
): Promise<void> {
  const { factors } = context.neighbours.current;
  const isRequired = await context.database.read(async (tx) => {
    // First of all, so that no code is tried, and none used up, for a token that is over.
    await checkToken(context, tx, name, tokenHash);
    return factors.isRequired(tx, name);
  });
  if (!isRequired) return;
  if (code !== undefined) return factors.check(name, code);
  throw new Refusal(
    "factorRequired",
    "this account takes a code of the authenticator app, or a recovery code",
  );
}

async function checkToken(
  { env, resets, store }: AuthenticationContext,
  tx: Parameters<typeof resets.reset>[0],
  name: string,
  tokenHash: Bytes,
): Promise<void> {
  const now = env.now();
  const { token, wait } = (await resets.reset(tx, name)) ?? {};
  const holds = token !== undefined && token.expiresAt > now && equalBytes(token.hash, tokenHash);
  const waits = wait !== undefined && wait.until > now;
  if (!holds || waits || !(await store.account(tx, name))) throw resetInvalid();
}

/** What the former keys certified must not come back in the name of the new ones. */
async function checkIsNew(
  { store }: AuthenticationContext,
  tx: Tx,
  name: string,
  { attestation, signedList }: CheckedIdentity,
): Promise<void> {
  const account = await store.account(tx, name);
  const former = await store.clientsOf(tx, name);
  const isFormer =
    account !== undefined && equalBytes(account.identityKey, signedList.certificate.identityKey);
  const isListed = former.some(
    ({ client, signatureKey }) =>
      client === attestation.client || equalBytes(signatureKey, attestation.signatureKey),
  );
  if (isFormer || isListed) {
    throw new Refusal("identityInvalid", "a reset begins with new keys and a new client");
  }
}

async function endFormer(context: AuthenticationContext, tx: Tx, user: UserUri): Promise<void> {
  const { accountData, marks, neighbours, recovery, resets, sessions, store } = context;
  const { inboxes, keyPackages } = neighbours.current;
  const name = nameOf(user);
  await resets.deleteReset(tx, name);
  await sessions.endOthers(tx, name, undefined);
  for (const { client } of await store.clientsOf(tx, name)) {
    await keyPackages.deleteOf(tx, client);
    await inboxes.deleteClient(tx, client);
  }
  await accountData.forgetOwner(tx, name);
  await marks.forgetOwner(tx, name);
  // What the recovery key opens is of the former identity.
  await recovery.forgetOwner(tx, name);
}
