import {
  NetworkFault,
  paths,
  recoveryAnswerSchema,
  recoveryVersionSchema,
  toBase64Url,
} from "@treehouse/protocol";

import { checkOwnList } from "../certify-client.ts";
import type { AccountContext } from "../context.ts";
import { proveBySecret, type Secret } from "../prove-by-secret.ts";
import type { StoredAccount } from "../stored-account.ts";
import { writeRecoveryNote } from "./note.ts";
import { sealRecoveryCopy } from "./recovery-copy.ts";
import { createRecoveryKey, loginKeyOf, type RecoveryKey } from "./recovery-key.ts";

/**
 * Makes a recovery key in the place of the one before, and seals the recovery bundle under it: the
 * password, or the key before, opens the bundle for the moment. The key is answered once and stored
 * nowhere. Refuses `loginFailed`, what the second factor refuses, `identityInvalid` when the server's
 * bundle or list is not this account's, and `conflict` when another client made one meanwhile.
 */
export async function createRecovery(
  context: AccountContext,
  account: StoredAccount,
  secret: Secret,
): Promise<RecoveryKey> {
  const { api, crypto, env, store } = context;
  const { user } = account;
  const { version: expectedVersion } = await api.json(
    "GET",
    paths.recovery(),
    recoveryAnswerSchema,
  );
  const { bundle, latest, proofId } = await proveBySecret(context, account, secret);
  checkOwnList(context, { bundle, latest, user });
  const key = createRecoveryKey(crypto);
  const { publicKey } = loginKeyOf(crypto, key);
  const { accountDataKey, identityPrivateKey } = bundle;
  const copy = {
    identityPrivateKey,
    accountDataKey,
    deviceSigningNumber: latest.certificate.number,
    clientListVersion: latest.list.version,
  };
  const place = { user, version: expectedVersion + 1 };
  const verificationKey = toBase64Url(publicKey);
  const body = {
    proofId,
    expectedVersion,
    verificationKey,
    sealedCopy: toBase64Url(sealRecoveryCopy(crypto, key, { place, copy })),
  };
  await put(context, body);
  const note = { version: place.version, verificationKey, createdAt: env.now() };
  await store.transaction((tx) => writeRecoveryNote(tx, note));
  return key;
}

/** A lost answer shall not leave the user without both keys: what the server has then says it. */
async function put(
  { api }: AccountContext,
  body: { readonly verificationKey: string },
): Promise<void> {
  try {
    await api.json("PUT", paths.recovery(), recoveryVersionSchema, body);
  } catch (error) {
    if (!(error instanceof NetworkFault)) throw error;
    const { current } = await api.json("GET", paths.recovery(), recoveryAnswerSchema);
    if (current?.verificationKey !== body.verificationKey) throw error;
  }
}
