import {
  attestationCodec,
  deviceSigningCertificateCodec,
  domainOf,
  equalBytes,
  fromBase64Url,
  type LeafIdentity,
  leafIdentityCodec,
  loginFinishAnswerSchema,
  loginProofMessage,
  loginStartAnswerSchema,
  paths,
  Refusal,
  toBase64Url,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { startLogin } from "./opaque.ts";
import { bundleSetting, type StoredAccount, writeAccount } from "./stored-account.ts";

/**
 * Logs this store's client in with the account's password; the session is bound to the client by
 * a proof with its signature key (T-12). Refuses `loginFailed`, also for an unknown account.
 */
export async function logIn(
  context: AccountContext,
  account: StoredAccount,
  password: string,
): Promise<StoredAccount> {
  const { api, crypto, store } = context;
  const { user, client } = account;
  const opaque = await startLogin(password);
  const body = { user, client, startLoginRequest: opaque.request };
  const started = await api.json("POST", paths.loginStart(), loginStartAnswerSchema, body);
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) {
    throw new Refusal("loginFailed", "the password is wrong, or there is no such account");
  }
  const proof = loginProofMessage({ server: domainOf(user), loginId: started.loginId, client });
  const finished = await api.json("POST", paths.loginFinish(), loginFinishAnswerSchema, {
    loginId: started.loginId,
    finishLoginRequest: login.request,
    client,
    proof: toBase64Url(crypto.sign(account.signaturePrivateKey, proof)),
    clientName: context.clientName,
  });
  const leafIdentity = fromBase64Url(finished.leafIdentity);
  checkOwn(account, leafIdentityCodec.decode(leafIdentity));
  const current = { ...account, leafIdentity, sessionToken: finished.session.token };
  await store.transaction((tx) => {
    writeAccount(tx, current);
    tx.settings.delete(bundleSetting);
  });
  return current;
}

/** A server may vouch for what this client made, and put nothing else into its leaves. */
function checkOwn(account: StoredAccount, { attestation, certificate }: LeafIdentity): void {
  const same =
    equalBytes(attestationCodec.encode(attestation), account.attestation) &&
    equalBytes(deviceSigningCertificateCodec.encode(certificate), account.certificate);
  if (!same)
    throw new Refusal("identityInvalid", "the server holds another identity of this client");
}
