import type { ClientUri, UserUri } from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { proveByPassword, type ProvedForClients } from "./prove-for-clients.ts";
import { proveByRecoveryKey } from "./recovery/prove-by-recovery-key.ts";
import type { RecoveryKey } from "./recovery/recovery-key.ts";

/** Either opens the recovery bundle: nobody else's help is needed. */
export type Secret = { readonly password: string } | { readonly recoveryKey: RecoveryKey };

/** Proves whichever it is, for a client that need not be listed yet. */
export function proveBySecret(
  context: AccountContext,
  whose: { readonly user: UserUri; readonly client: ClientUri },
  secret: Secret,
): Promise<ProvedForClients> {
  return "password" in secret
    ? proveByPassword(context, { ...whose, password: secret.password })
    : proveByRecoveryKey(context, { ...whose, recoveryKey: secret.recoveryKey });
}
