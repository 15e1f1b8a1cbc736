import {
  paths,
  Refusal,
  registrationFinishAnswerSchema,
  resetStartAnswerSchema,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { logIn } from "./log-in.ts";
import { startRegistration } from "./opaque.ts";
import { sealRecoveryBundle } from "./recovery-bundle.ts";
import { begin, type Begun, forget, keepRegistered, readBegun } from "./register.ts";
import type { StoredAccount } from "./stored-account.ts";

/**
 * Begins an account again whose password is lost, with the token that its server mailed: with new
 * keys, in an empty store, in no conversation. As at a registration the keys are durable before the
 * server hears of them: after a lost answer the same call with the same store finds out what came of
 * it, and needs another token only if nothing did.
 *
 * Refuses `resetInvalid`, `resetWaiting` with the time that is to be waited, and `factorRequired`
 * where the account has a second factor and nobody knows a code.
 */
export async function resetAccount(
  context: AccountContext,
  wanted: { readonly user: UserUri; readonly password: string; readonly token: string },
): Promise<StoredAccount> {
  const known = await context.store.transaction((tx) => readBegun(tx));
  if (known !== undefined && known.account.leafIdentity === undefined) {
    try {
      return await logIn(context, known.account, wanted.password);
    } catch (error) {
      const isOpen =
        error instanceof Refusal &&
        (error.code === "loginFailed" || error.code === "unknownClient");
      if (!isOpen) throw error;
    }
  }
  const begun = known ?? (await begin(context, wanted.user));
  try {
    return await offer(context, wanted, begun);
  } catch (error) {
    // A refusal of the only offer is final: the keys were not taken, and the store is free again.
    if (error instanceof Refusal && known === undefined) await forget(context);
    throw error;
  }
}

async function offer(
  context: AccountContext,
  { user, password, token }: Parameters<typeof resetAccount>[1],
  { account, bundle }: Begun,
): Promise<StoredAccount> {
  const { api, crypto } = context;
  const opaque = await startRegistration(password, context.keyStretching);
  const started = await api.json("POST", paths.resetStart(), resetStartAnswerSchema, {
    token,
    registrationRequest: opaque.request,
  });
  if (started.user !== user) {
    throw new Refusal("resetInvalid", "the token is for another account");
  }
  const { record, exportKey } = opaque.finish(started.registrationResponse);
  const body = {
    resetId: started.resetId,
    registrationRecord: record,
    recoveryBundle: toBase64Url(sealRecoveryBundle(crypto, bundle, exportKey)),
    certificate: toBase64Url(account.certificate),
    clientList: toBase64Url(account.clientList),
    attestation: toBase64Url(account.attestation),
    clientName: context.clientName,
  };
  return keepRegistered(context, account, await finish(context, body));
}

const codesAskedForMax = 3;

/** The second half, again with a code of the second factor if the account has one. */
async function finish({ api, secondFactor }: AccountContext, body: object) {
  let code = typeof secondFactor === "string" ? secondFactor : undefined;
  for (let count = 0; ; count += 1) {
    try {
      const answer = { ...body, code };
      return await api.json("POST", paths.resetFinish(), registrationFinishAnswerSchema, answer);
    } catch (error) {
      const refusal = error instanceof Refusal ? error.code : undefined;
      const asks = refusal === "factorRequired" || refusal === "factorInvalid";
      if (!asks || typeof secondFactor !== "function" || count === codesAskedForMax) throw error;
      code = await secondFactor();
    }
  }
}
