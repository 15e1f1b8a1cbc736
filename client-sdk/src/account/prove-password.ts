import { passwordProofAnswerSchema, paths, Refusal } from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { startLogin } from "./opaque.ts";

/** What goes beside a change that takes the password. Refuses `loginFailed` for a wrong one. */
export async function provePassword(
  { api, keyStretching }: Pick<AccountContext, "api" | "keyStretching">,
  password: string,
): Promise<{ readonly proofId: string; readonly finishLoginRequest: string }> {
  const opaque = await startLogin(password, keyStretching);
  const started = await api.json("POST", paths.passwordProof(), passwordProofAnswerSchema, {
    startLoginRequest: opaque.request,
  });
  const login = opaque.finish(started.loginResponse);
  if (login === undefined) throw new Refusal("loginFailed", "the password is wrong");
  return { proofId: started.proofId, finishLoginRequest: login.request };
}
