import {
  credentialFinishAnswerSchema,
  domainOf,
  fromBase64Url,
  passwordResetMessage,
  passwordResetStartAnswerSchema,
  paths,
  toBase64Url,
} from "@treehouse/protocol";

import type { AccountContext } from "../context.ts";
import { startRegistration } from "../opaque.ts";
import { withCode } from "../prove-for-clients.ts";
import { sealRecoveryBundle } from "../recovery-bundle.ts";
import type { StoredAccount } from "../stored-account.ts";
import { openServerCopy } from "./check-recovery.ts";
import { loginKeyOf, type RecoveryKey } from "./recovery-key.ts";

/**
 * Sets a new password with the recovery key in the place of the old one, which may be forgotten. The
 * recovery bundle is sealed under it in the same step; the recovery key stays what it was. Refuses
 * `loginFailed` when the key is not the account's, what the second factor refuses, and `conflict` when
 * the password changed meanwhile.
 */
export function resetPassword(
  context: AccountContext,
  account: StoredAccount,
  reset: PasswordReset,
): Promise<void> {
  return withCode(context, (code) => tryReset(context, account, reset, code));
}

type PasswordReset = { readonly recoveryKey: RecoveryKey; readonly newPassword: string };

async function tryReset(
  context: AccountContext,
  account: StoredAccount,
  { recoveryKey, newPassword }: PasswordReset,
  code: string | undefined,
): Promise<void> {
  const { api, crypto } = context;
  const { client, user } = account;
  const { accountDataKey, identityPrivateKey } = await openServerCopy(
    context,
    account,
    recoveryKey,
  );
  const fresh = await startRegistration(newPassword, context.keyStretching);
  const started = await api.json(
    "POST",
    paths.passwordResetStart(),
    passwordResetStartAnswerSchema,
    { registrationRequest: fresh.request },
  );
  const { record, exportKey } = fresh.finish(started.registrationResponse);
  const bundle = { version: 1, identityPrivateKey, accountDataKey };
  const recoveryBundle = sealRecoveryBundle(crypto, bundle, exportKey);
  const message = passwordResetMessage({
    server: domainOf(user),
    challenge: started.changeId,
    client,
    registrationRecord: fromBase64Url(record),
    recoveryBundle,
  });
  const { privateKey } = loginKeyOf(crypto, recoveryKey);
  await api.json("POST", paths.passwordResetFinish(), credentialFinishAnswerSchema, {
    changeId: started.changeId,
    registrationRecord: record,
    recoveryBundle: toBase64Url(recoveryBundle),
    signature: toBase64Url(crypto.sign(privateKey, message)),
    code,
  });
}
