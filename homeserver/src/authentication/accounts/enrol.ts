import { checkIdentity, type ClaimedIdentity, verifier } from "../clients/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { createAccount, type Enrolled } from "./create-account.ts";
import { userOfName } from "./account-name.ts";

export type Enrolment = ClaimedIdentity & { readonly name: string; readonly admin?: boolean };

/** Registration without password and invite, for callers inside this process. */
export async function enrol(
  context: AuthenticationContext,
  enrolment: Enrolment,
): Promise<Enrolled> {
  const { env, signatures, domain } = context;
  const user = userOfName(domain, enrolment.name);
  const identity = checkIdentity(enrolment, { user, at: env.now(), verify: verifier(signatures) });
  return createAccount(context, {
    user,
    identity,
    passwordRecord: undefined,
    recoveryBundle: new Uint8Array(0),
    admit: async () => ({ admin: enrolment.admin ?? false }),
  });
}
