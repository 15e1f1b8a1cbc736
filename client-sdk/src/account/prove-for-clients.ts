import {
  clientsProofAnswerSchema,
  type ClientUri,
  fromBase64Url,
  loginStartAnswerSchema,
  paths,
  Refusal,
  type SignedClientList,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { startLogin } from "./opaque.ts";
import { openRecoveryBundle, type RecoveryBundle } from "./recovery-bundle.ts";

/** What whoever knows the password, or the recovery key, has in hand to change the client list. */
export type ProvedForClients = {
  /** Good once. */
  readonly proofId: string;
  readonly bundle: RecoveryBundle;
  /** The latest list as the server shows it, not checked. */
  readonly latest: SignedClientList;
};

const codesAskedForMax = 3;

/**
 * Proves with a code of the second factor where one is needed. A proof that lacks a code, or has a
 * wrong one, is over: each try is a proof of its own.
 */
export async function withCode<T>(
  { secondFactor }: Pick<AccountContext, "secondFactor">,
  attempt: (code: string | undefined) => Promise<T>,
): Promise<T> {
  let code = typeof secondFactor === "string" ? secondFactor : undefined;
  for (let count = 0; ; count += 1) {
    try {
      return await attempt(code);
    } catch (error) {
      const lacking = error instanceof Refusal && error.code === "factorRequired";
      const asked = lacking && code === undefined;
      const wrong = error instanceof Refusal && error.code === "factorInvalid";
      const typed = typeof secondFactor === "function" && count < codesAskedForMax;
      if (secondFactor === undefined || !(asked || (wrong && typed))) throw error;
      code = typeof secondFactor === "string" ? secondFactor : await secondFactor();
    }
  }
}

/**
 * Proves the password for a client, which need not be listed yet. Refuses `loginFailed`, what the
 * second factor refuses, and `identityInvalid` when the server's bundle does not open with it.
 */
export function proveByPassword(
  context: AccountContext,
  wanted: { readonly user: UserUri; readonly client: ClientUri; readonly password: string },
): Promise<ProvedForClients> {
  return withCode(context, (code) => prove(context, wanted, code));
}

async function prove(
  { api, crypto, keyStretching }: AccountContext,
  wanted: { readonly user: UserUri; readonly client: ClientUri; readonly password: string },
  code: string | undefined,
): Promise<ProvedForClients> {
  const { user, client, password } = wanted;
  const opaque = await startLogin(password, keyStretching);
  const started = await api.json("POST", paths.loginStart(), loginStartAnswerSchema, {
    user,
    client,
    startLoginRequest: opaque.request,
  });
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) {
    throw new Refusal("loginFailed", "the password is wrong, or there is no such account");
  }
  const answer = await api.json("POST", paths.clientsProof(), clientsProofAnswerSchema, {
    loginId: started.loginId,
    finishLoginRequest: login.request,
    client,
    code,
  });
  return {
    proofId: answer.proofId,
    bundle: opened(crypto, fromBase64Url(answer.recoveryBundle), login.exportKey),
    latest: signedClientListCodec.decode(fromBase64Url(answer.clientList)),
  };
}

function opened(
  crypto: AccountContext["crypto"],
  sealed: Uint8Array,
  exportKey: Uint8Array,
): RecoveryBundle {
  try {
    return openRecoveryBundle(crypto, sealed, exportKey);
  } catch (cause) {
    const text = "the server holds a recovery bundle that this password does not open";
    throw new Refusal("identityInvalid", text, {}, { cause });
  }
}
