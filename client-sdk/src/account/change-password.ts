import {
  credentialFinishAnswerSchema,
  credentialProofAnswerSchema,
  credentialStartAnswerSchema,
  fromBase64Url,
  paths,
  Refusal,
  toBase64Url,
} from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { startLogin, startRegistration } from "./opaque.ts";
import { withCode } from "./prove-for-clients.ts";
import { openRecoveryBundle, type RecoveryBundle, sealRecoveryBundle } from "./recovery-bundle.ts";
import { dataKeySetting } from "./stored-account.ts";

/**
 * Puts a new password in the place of the old one. The recovery bundle is sealed under it in the same
 * step, or nothing changes: no key is lost with the old password. Refuses `loginFailed` when the old
 * one is wrong, what the second factor refuses, and `identityInvalid` when the server's bundle does not
 * open with the password.
 */
export function changePassword(context: AccountContext, change: PasswordChange): Promise<void> {
  return withCode(context, (code) => tryChange(context, change, code));
}

type PasswordChange = { readonly oldPassword: string; readonly newPassword: string };

async function tryChange(
  context: AccountContext,
  { oldPassword, newPassword }: PasswordChange,
  code: string | undefined,
): Promise<void> {
  const { api, crypto, keyStretching, store } = context;
  const old = await startLogin(oldPassword, keyStretching);
  const fresh = await startRegistration(newPassword, keyStretching);
  const started = await api.json("POST", paths.credentialStart(), credentialStartAnswerSchema, {
    startLoginRequest: old.request,
    registrationRequest: fresh.request,
  });
  const login = old.finish(started.loginResponse);
  if (login === undefined) throw new Refusal("loginFailed", "the old password is wrong");
  const finishLoginRequest = login.request;
  const proved = await api.json("POST", paths.credentialProof(), credentialProofAnswerSchema, {
    changeId: started.changeId,
    finishLoginRequest,
    code,
  });
  const bundle = openBundle(context, fromBase64Url(proved.recoveryBundle), login.exportKey);
  const { record, exportKey } = fresh.finish(started.registrationResponse);
  await api.json("POST", paths.credentialFinish(), credentialFinishAnswerSchema, {
    changeId: proved.changeId,
    finishLoginRequest,
    registrationRecord: record,
    recoveryBundle: toBase64Url(sealRecoveryBundle(crypto, bundle, exportKey)),
  });
  await store.transaction((tx) => tx.settings.put(dataKeySetting, bundle.accountDataKey));
}

function openBundle(
  { crypto }: AccountContext,
  sealed: Uint8Array,
  exportKey: Uint8Array,
): RecoveryBundle {
  try {
    return openRecoveryBundle(crypto, sealed, exportKey);
  } catch (cause) {
    const text =
      "the server's recovery bundle does not open with the password: nothing was changed";
    throw new Refusal("identityInvalid", text, {}, { cause });
  }
}
