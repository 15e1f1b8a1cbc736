import { deletionStartAnswerSchema, paths, Refusal } from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { startLogin } from "./opaque.ts";
import { withCode } from "./prove-for-clients.ts";

/**
 * Deletes the account at its server, with a proof that the password is known. Refuses `loginFailed`, and
 * what the second factor refuses; then everything is as it was.
 */
export function deleteAccount(context: AccountContext, password: string): Promise<void> {
  return withCode(context, (code) => tryDeletion(context, password, code));
}

async function tryDeletion(
  { api, keyStretching }: AccountContext,
  password: string,
  code: string | undefined,
): Promise<void> {
  const opaque = await startLogin(password, keyStretching);
  const started = await api.json("POST", paths.accountDeletion(), deletionStartAnswerSchema, {
    startLoginRequest: opaque.request,
  });
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) throw new Refusal("loginFailed", "the password is wrong");
  await api.done("DELETE", paths.account(), {
    deletionId: started.deletionId,
    finishLoginRequest: login.request,
    code,
  });
}
