import {
  attestationCodec,
  deviceSigningCertificateCodec,
  fromBase64Url,
  leafIdentityCodec,
  nameOf,
  paths,
  Refusal,
  registrationFinishAnswerSchema,
  registrationStartAnswerSchema,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { createIdentity, type NewIdentity } from "./identity.ts";
import { startRegistration } from "./opaque.ts";
import { sealRecoveryBundle } from "./recovery-bundle.ts";
import { readAccount, type StoredAccount, writeAccount } from "./stored-account.ts";

/**
 * Registers the account with this store's client. The keys are durable before the server hears of
 * them, so that a lost answer loses no account: log in then, with the same store and password.
 */
export async function register(
  context: AccountContext,
  wanted: { readonly user: UserUri; readonly password: string; readonly invite?: string },
): Promise<StoredAccount> {
  const { api, crypto, env, store } = context;
  const existing = await store.transaction((tx) => readAccount(tx));
  if (existing !== undefined) {
    throw new Refusal("conflict", "this store already belongs to an account: use another store");
  }
  const opaque = await startRegistration(wanted.password);
  const started = await api.json("POST", paths.registrationStart(), registrationStartAnswerSchema, {
    name: nameOf(wanted.user),
    registrationRequest: opaque.request,
  });
  if (started.user !== wanted.user) {
    throw new Refusal("nameInvalid", "this server gives accounts of another domain");
  }
  const { record, exportKey } = opaque.finish(started.registrationResponse);
  const identity = createIdentity(crypto, wanted.user, env.now());
  const bundle = {
    version: 1,
    identityPrivateKey: identity.identityPrivateKey,
    accountDataKey: crypto.random(32),
  };
  const account = accountOf(api.server, wanted.user, identity);
  await store.transaction((tx) => writeAccount(tx, account));
  const finished = await api
    .json("POST", paths.registrationFinish(), registrationFinishAnswerSchema, {
      registrationId: started.registrationId,
      ...(wanted.invite === undefined ? {} : { invite: wanted.invite }),
      registrationRecord: record,
      recoveryBundle: toBase64Url(sealRecoveryBundle(crypto, bundle, exportKey)),
      certificate: toBase64Url(identity.certificate),
      clientList: toBase64Url(identity.clientList),
      attestation: toBase64Url(identity.attestation),
    })
    .catch(async (error: unknown) => {
      // A refusal is final: the keys were never taken, and the store is free again.
      if (error instanceof Refusal) await store.transaction((tx) => tx.settings.delete("account"));
      throw error;
    });
  const registered: StoredAccount = {
    ...account,
    clientList: fromBase64Url(finished.clientList),
    leafIdentity: leafIdentityCodec.encode({
      certificate: deviceSigningCertificateCodec.decode(account.certificate),
      attestation: attestationCodec.decode(account.attestation),
      countersignature: fromBase64Url(finished.attestationCountersignature),
      countersigner: finished.countersigner,
    }),
    sessionToken: finished.session.token,
  };
  await store.transaction((tx) => writeAccount(tx, registered));
  return registered;
}

function accountOf(server: string, user: UserUri, identity: NewIdentity): StoredAccount {
  return {
    version: 1,
    server,
    user,
    client: identity.client,
    signaturePrivateKey: identity.signaturePrivateKey,
    signaturePublicKey: identity.signaturePublicKey,
    deviceSigningPrivateKey: identity.deviceSigningPrivateKey,
    certificate: identity.certificate,
    attestation: identity.attestation,
    clientList: identity.clientList,
    leafIdentity: undefined,
    sessionToken: undefined,
  };
}
