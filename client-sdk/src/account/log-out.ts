import { NetworkFault, paths, Refusal } from "@treehouse/protocol";

import type { AccountContext } from "./context.ts";
import { readAccount, writeAccount } from "./stored-account.ts";

/**
 * Ends the session at the server and forgets its token. Keys, conversations and history stay in
 * the store: the same store logs in again. A server that cannot be reached keeps the session
 * until it expires; that is told by throwing after the token was forgotten.
 */
export async function logOut(context: AccountContext): Promise<void> {
  let fault: unknown;
  try {
    await context.api.done("DELETE", paths.session());
  } catch (error) {
    const ended =
      error instanceof Refusal && ["sessionEnded", "notAuthenticated"].includes(error.code);
    if (!ended && !(error instanceof NetworkFault)) throw error;
    if (!ended) fault = error;
  }
  await context.store.transaction((tx) => {
    const account = readAccount(tx);
    if (account !== undefined) writeAccount(tx, { ...account, sessionToken: undefined });
  });
  if (fault !== undefined) throw fault;
}
