import {
  type Bytes,
  type ClientUri,
  domainOf,
  fromBase64Url,
  nameOf,
  recoveryProofMessage,
  Refusal,
  type UserUri,
} from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { checkCode } from "../login/index.ts";

export type PendingRecovery = { readonly name: string; readonly client: ClientUri };

export type RecoveryProved = {
  /** Good once, for what a proof of the password is good for. */
  readonly proofId: string;
  readonly sealedCopy: Bytes;
  readonly version: number;
  /** The latest `SignedClientList`, encoded. */
  readonly clientList: Bytes;
};

/** The first half of a proof of the recovery key: the same for everybody, known here or not. */
export function startRecovery(
  { domain, pendingRecoveries }: AuthenticationContext,
  { user, client }: { readonly user: UserUri; readonly client: ClientUri },
): { readonly challenge: string; readonly expiresAt: number } {
  // No account has the empty name: a user of another server goes the way of an unknown one.
  const name = domainOf(user) === domain ? nameOf(user) : "";
  const { id, expiresAt } = pendingRecoveries.add({ name, client });
  return { challenge: id, expiresAt };
}

/**
 * The second half: whoever signs the challenge for the key pair of the account's recovery key gets
 * what only that key opens, and may change the client list once (decision 0024). Refuses
 * `loginFailed` for anything wrong, whether there is such an account, such a key, or neither; and
 * where the account has a second factor `factorRequired`, `factorInvalid` and `rateLimited`.
 */
export async function proveRecovery(
  context: AuthenticationContext,
  request: {
    readonly challenge: string;
    readonly client: ClientUri;
    readonly signature: Bytes;
    readonly code: string | undefined;
  },
): Promise<RecoveryProved> {
  const { database, domain, neighbours, pendingClientProofs, pendingRecoveries } = context;
  const { recovery, signatures, store } = context;
  const pending = pendingRecoveries.take(request.challenge);
  if (!pending || pending.client !== request.client) throw loginFailed();
  const { name, client } = pending;
  const { account, copy, clientList, isRequired } = await database.read(async (tx) => ({
    account: await store.account(tx, name),
    copy: await recovery.copy(tx, name),
    clientList: await store.clientList(tx, name),
    isRequired: await neighbours.current.factors.isRequired(tx, name),
  }));
  const message = recoveryProofMessage({ server: domain, challenge: request.challenge, client });
  // A signature is checked in any case, so that the time tells nothing either.
  const key = copy?.verificationKey ?? nobodysKey;
  const holds = signatures.verify(key, message, request.signature);
  if (!holds || !account || !copy || !clientList) throw loginFailed();
  if (isRequired) await checkCode(context, name, request.code);
  const { credentialVersion } = account;
  const { id } = pendingClientProofs.add({ name, client, credentialVersion });
  return { proofId: id, sealedCopy: copy.sealedCopy, version: copy.version, clientList };
}

/** Of no account: RFC 8032's first test vector. What anybody signs for it is checked, and refused. */
const nobodysKey = fromBase64Url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");

function loginFailed(): Refusal {
  return new Refusal(
    "loginFailed",
    "the address or the recovery key is wrong, or the time is over",
  );
}
