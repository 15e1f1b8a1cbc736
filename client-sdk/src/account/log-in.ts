import {
  type ClientUri,
  deviceSigningCertificateCodec,
  domainOf,
  equalBytes,
  fromBase64Url,
  type LoginFinishAnswer,
  loginFinishAnswerSchema,
  loginProofMessage,
  loginStartAnswerSchema,
  paths,
  Refusal,
  toBase64Url,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";
import { deviceSigningKey } from "./identity.ts";
import { startLogin } from "./opaque.ts";
import { withLeafIdentity } from "./own-leaf.ts";
import { openRecoveryBundle, type RecoveryBundle } from "./recovery-bundle.ts";
import {
  bundleSetting,
  dataKeySetting,
  type StoredAccount,
  writeAccount,
} from "./stored-account.ts";

/**
 * Logs this store's client in with the account's password; the session is bound to the client by
 * a proof with its signature key (T-12). Refuses `loginFailed`, also for an unknown account, and
 * `factorRequired` when the account has a second factor and nobody knows a code.
 */
export async function logIn(
  context: AccountContext,
  account: StoredAccount,
  password: string,
  also: (tx: LocalTx) => void = () => undefined,
): Promise<StoredAccount> {
  const { api, crypto, store } = context;
  const { user, client } = account;
  const opaque = await startLogin(password, context.keyStretching);
  const body = { user, client, startLoginRequest: opaque.request };
  const started = await api.json("POST", paths.loginStart(), loginStartAnswerSchema, body);
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) {
    throw new Refusal("loginFailed", "the password is wrong, or there is no such account");
  }
  const proof = loginProofMessage({ server: domainOf(user), loginId: started.loginId, client });
  const finished = await finish(context, client, {
    loginId: started.loginId,
    finishLoginRequest: login.request,
    client,
    proof: toBase64Url(crypto.sign(account.signaturePrivateKey, proof)),
    clientName: context.clientName,
  });
  const leafIdentity = fromBase64Url(finished.leafIdentity);
  const own = withLeafIdentity(context, account, leafIdentity);
  const bundle = openBundle(context, user, fromBase64Url(finished.recoveryBundle), login.exportKey);
  const sessionToken = finished.session.token;
  const current = { ...own, sessionToken, ...currentDeviceKey(context, own, bundle) };
  await store.transaction((tx) => {
    writeAccount(tx, current);
    tx.settings.delete(bundleSetting);
    if (bundle !== undefined) tx.settings.put(dataKeySetting, bundle.accountDataKey);
    also(tx);
  });
  return current;
}

const codesAskedForMax = 3;

/** The second half, and the code of the second factor if the account has one. */
async function finish(
  { api, secondFactor }: AccountContext,
  client: ClientUri,
  body: unknown,
): Promise<LoginFinishAnswer> {
  let challenge: string | undefined;
  try {
    return await api.json("POST", paths.loginFinish(), loginFinishAnswerSchema, body);
  } catch (error) {
    const asked = error instanceof Refusal && error.code === "factorRequired";
    challenge = asked ? error.data.challenge : undefined;
    if (challenge === undefined || secondFactor === undefined) throw error;
  }
  for (let count = 1; ; count += 1) {
    const code = typeof secondFactor === "string" ? secondFactor : await secondFactor();
    try {
      const answer = { challenge, client, code };
      return await api.json("POST", paths.loginFactor(), loginFinishAnswerSchema, answer);
    } catch (error) {
      const wrong = error instanceof Refusal && error.code === "factorInvalid";
      const again = wrong && typeof secondFactor !== "string" && count < codesAskedForMax;
      if (!again) throw error;
    }
  }
}

/**
 * The device-signing key that this client's attestation is under: another client may have begun the
 * next number, and the bundle leads to all (decisions 0020 and 0021).
 */
function currentDeviceKey(
  { crypto }: AccountContext,
  own: StoredAccount,
  bundle: RecoveryBundle | undefined,
): Partial<Pick<StoredAccount, "deviceSigningPrivateKey">> {
  if (bundle === undefined) return {};
  const { deviceSigningKey: listed, number } = deviceSigningCertificateCodec.decode(
    own.certificate,
  );
  const { privateKey, publicKey } = deviceSigningKey(crypto, bundle.identityPrivateKey, number);
  return equalBytes(publicKey, listed) ? { deviceSigningPrivateKey: privateKey } : {};
}

/** A bundle that does not open keeps nobody out of the account, and is told. */
function openBundle(
  { alarm, crypto }: AccountContext,
  user: StoredAccount["user"],
  sealed: Uint8Array,
  exportKey: Uint8Array,
): RecoveryBundle | undefined {
  try {
    return openRecoveryBundle(crypto, sealed, exportKey);
  } catch (error) {
    alarm({ user, kind: "bundleDamaged", text: `${bundleText} (${String(error)})` });
    return undefined;
  }
}

const bundleText =
  "The server holds a recovery bundle that this password does not open: a new client could not be " +
  "certified with it. Change the password while this client is there";
