import {
  type ClientUri,
  domainOf,
  fromBase64Url,
  paths,
  recoveryProofAnswerSchema,
  recoveryProofMessage,
  recoveryStartAnswerSchema,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "../context.ts";
import { type ProvedForClients, withCode } from "../prove-for-clients.ts";
import { openRecoveryCopy, type RecoveryCopy } from "./recovery-copy.ts";
import { loginKeyOf, type RecoveryKey } from "./recovery-key.ts";

type Wanted = {
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly recoveryKey: RecoveryKey;
};

/**
 * Proves the recovery key for a client, which need not be listed yet. Refuses `loginFailed`, what the
 * second factor refuses, and `identityInvalid` when the server's copy of the bundle does not open with
 * it, or its client list is from before the key was made (T-37).
 */
export function proveByRecoveryKey(
  context: AccountContext,
  wanted: Wanted,
): Promise<ProvedForClients> {
  return withCode(context, (code) => prove(context, wanted, code));
}

async function prove(
  { api, crypto }: AccountContext,
  { user, client, recoveryKey }: Wanted,
  code: string | undefined,
): Promise<ProvedForClients> {
  const { challenge } = await api.json("POST", paths.recoveryStart(), recoveryStartAnswerSchema, {
    user,
    client,
  });
  const message = recoveryProofMessage({ server: domainOf(user), challenge, client });
  const { privateKey } = loginKeyOf(crypto, recoveryKey);
  const signature = toBase64Url(crypto.sign(privateKey, message));
  const answer = await api.json("POST", paths.recoveryProof(), recoveryProofAnswerSchema, {
    challenge,
    client,
    signature,
    code,
  });
  const place = { user, version: answer.version };
  const sealed = fromBase64Url(answer.sealedCopy);
  const copy = openCopy(crypto, recoveryKey, { place, sealed });
  const latest = signedClientListCodec.decode(fromBase64Url(answer.clientList));
  checkNotBefore(latest, copy);
  const { accountDataKey, identityPrivateKey } = copy;
  const bundle = { version: 1, identityPrivateKey, accountDataKey };
  return { proofId: answer.proofId, bundle, latest };
}

/** Refuses `identityInvalid` when the copy does not open: the server has put another in its place. */
export function openCopy(
  ...[crypto, key, sealed]: Parameters<typeof openRecoveryCopy>
): RecoveryCopy {
  try {
    return openRecoveryCopy(crypto, key, sealed);
  } catch (cause) {
    const text = "the server holds a copy of your keys that your recovery key does not open";
    throw new Refusal("identityInvalid", text, {}, { cause });
  }
}

function checkNotBefore({ certificate, list }: SignedClientList, copy: RecoveryCopy): void {
  const isOlder =
    list.version < copy.clientListVersion || certificate.number < copy.deviceSigningNumber;
  if (!isOlder) return;
  const text = "the server shows a list of your clients that is older than your recovery key";
  throw new Refusal("identityInvalid", text);
}
