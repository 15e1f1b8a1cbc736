import {
  attestationCodec,
  deviceSigningCertificateCodec,
  fromBase64Url,
  leafIdentityCodec,
  nameOf,
  paths,
  Refusal,
  type RefusalCode,
  type RegistrationFinishAnswer,
  registrationFinishAnswerSchema,
  registrationStartAnswerSchema,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";
import { createIdentity, type NewIdentity } from "./identity.ts";
import { logIn } from "./log-in.ts";
import { startRegistration } from "./opaque.ts";
import { type RecoveryBundle, recoveryBundleCodec, sealRecoveryBundle } from "./recovery-bundle.ts";
import {
  bundleSetting,
  dataKeySetting,
  readAccount,
  type StoredAccount,
  writeAccount,
} from "./stored-account.ts";

type Wanted = {
  readonly user: UserUri;
  readonly password: string;
  readonly invite?: string;
  /** Of a login at the operator's provider. */
  readonly externalProof?: string;
};

/**
 * Registers the account with this store's client. The keys are durable before the server hears of
 * them, so that a lost answer loses no account: registering again with the same store and password
 * finds out whether the server took them, and otherwise offers the same keys once more.
 */
export async function register(context: AccountContext, wanted: Wanted): Promise<StoredAccount> {
  const { store } = context;
  const begun = await store.transaction((tx) => readBegun(tx));
  if (begun === undefined) {
    const fresh = await begin(context, wanted.user);
    try {
      return await offer(context, wanted, fresh);
    } catch (error) {
      // A refusal of the only offer is final: the keys were not taken, and the store is free again.
      if (error instanceof Refusal) await forget(context);
      throw error;
    }
  }
  if (begun.account.leafIdentity !== undefined) {
    throw new Refusal("conflict", "this store already belongs to an account: use another store");
  }
  const finish = () => logIn(context, begun.account, wanted.password);
  try {
    return await finish();
  } catch (error) {
    if (!isRefusal(error, ["loginFailed", "unknownClient"])) throw error;
  }
  try {
    return await offer(context, wanted, begun);
  } catch (error) {
    // The first offer may have been on its way all the time.
    if (!isRefusal(error, ["nameTaken"])) throw error;
    return finish();
  }
}

export type Begun = { readonly account: StoredAccount; readonly bundle: RecoveryBundle };

export async function begin(context: AccountContext, user: UserUri): Promise<Begun> {
  const { api, crypto, env, store } = context;
  const identity = createIdentity(crypto, user, env.now());
  const account = accountOf(api.server, user, identity);
  const bundle = {
    version: 1,
    identityPrivateKey: identity.identityPrivateKey,
    accountDataKey: crypto.random(32),
  };
  await store.transaction((tx) => {
    writeAccount(tx, account);
    tx.settings.put(bundleSetting, recoveryBundleCodec.encode(bundle));
    tx.settings.put(dataKeySetting, bundle.accountDataKey);
  });
  return { account, bundle };
}

export function readBegun(tx: LocalTx): Begun | undefined {
  const account = readAccount(tx);
  if (account === undefined) return undefined;
  const bundle = tx.settings.get(bundleSetting);
  if (bundle === undefined) {
    throw new Refusal("conflict", "this store already belongs to an account: use another store");
  }
  return { account, bundle: recoveryBundleCodec.decode(bundle) };
}

/** Asks the server to take account, client and keys. */
async function offer(
  context: AccountContext,
  wanted: Wanted,
  { account, bundle }: Begun,
): Promise<StoredAccount> {
  const { api, crypto } = context;
  const opaque = await startRegistration(wanted.password, context.keyStretching);
  const started = await api.json("POST", paths.registrationStart(), registrationStartAnswerSchema, {
    name: nameOf(wanted.user),
    registrationRequest: opaque.request,
  });
  if (started.user !== wanted.user) {
    throw new Refusal("nameInvalid", "this server gives accounts of another domain");
  }
  const { record, exportKey } = opaque.finish(started.registrationResponse);
  const finished = await api.json(
    "POST",
    paths.registrationFinish(),
    registrationFinishAnswerSchema,
    {
      registrationId: started.registrationId,
      ...(wanted.invite === undefined ? {} : { invite: wanted.invite }),
      ...(wanted.externalProof === undefined ? {} : { externalProof: wanted.externalProof }),
      registrationRecord: record,
      recoveryBundle: toBase64Url(sealRecoveryBundle(crypto, bundle, exportKey)),
      certificate: toBase64Url(account.certificate),
      clientList: toBase64Url(account.clientList),
      attestation: toBase64Url(account.attestation),
      clientName: context.clientName,
    },
  );
  return keepRegistered(context, account, finished);
}

/** Writes what the server has vouched for, and forgets the bundle, which the server has sealed. */
export async function keepRegistered(
  { api, store }: AccountContext,
  account: StoredAccount,
  finished: RegistrationFinishAnswer,
): Promise<StoredAccount> {
  const registered: StoredAccount = {
    ...account,
    // The keys may have been made when another address was tried.
    server: api.server,
    clientList: fromBase64Url(finished.clientList),
    leafIdentity: leafIdentityCodec.encode({
      certificate: deviceSigningCertificateCodec.decode(account.certificate),
      attestation: attestationCodec.decode(account.attestation),
      countersignature: fromBase64Url(finished.attestationCountersignature),
      countersigner: finished.countersigner,
    }),
    sessionToken: finished.session.token,
  };
  await store.transaction((tx) => {
    writeAccount(tx, registered);
    tx.settings.delete(bundleSetting);
  });
  return registered;
}

export async function forget({ store }: AccountContext): Promise<void> {
  await store.transaction((tx) => {
    tx.settings.delete("account");
    tx.settings.delete(dataKeySetting);
    tx.settings.delete(bundleSetting);
  });
}

function isRefusal(error: unknown, codes: readonly RefusalCode[]): boolean {
  return error instanceof Refusal && codes.includes(error.code);
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
