import { equalBytes, loginProofMessage, Refusal } from "@treehouse/protocol";
import type { Bytes, ClientUri } from "@treehouse/protocol";
import type { ReadTx } from "../platform/index.ts";
import type { AuthenticationContext } from "./context.ts";
import type { OpenedSession } from "./sessions.ts";
import type { PendingLogin } from "./start-login.ts";
import type { Account, StoredClient } from "./store.ts";

export type FinishedLogin = {
  readonly session: OpenedSession;
  readonly recoveryBundle: Bytes;
  readonly recoveryBundleVersion: number;
  /** Encoded `LeafIdentity`: a client whose registration's answer was lost has it from here. */
  readonly leafIdentity: Bytes;
};

/**
 * The second half: a session for one client, to whoever knows the password *and* holds the
 * client's key. The proof covers this server, this login and the client, and each login ends with
 * its first answer, so that neither can be replayed, here or at another server (T-12).
 *
 * Refuses `loginFailed` for anything wrong, and `unknownClient` when the password was right but
 * the client is not in the user's client list.
 */
export async function finishLogin(
  context: AuthenticationContext,
  request: {
    readonly loginId: string;
    readonly client: ClientUri;
    readonly finishLoginRequest: Bytes;
    readonly proof: Bytes;
    readonly clientName?: string | undefined;
  },
): Promise<FinishedLogin> {
  const { database, opaque, pendingLogins, sessions } = context;
  const pending = pendingLogins.take(request.loginId);
  if (!pending || pending.client !== request.client) throw loginFailed();
  if (!opaque.finishLogin(pending.state, request.finishLoginRequest)) throw loginFailed();

  const { client } = await database.read((tx) => holder(context, tx, pending));
  const { loginId } = request;
  const message = loginProofMessage({ server: context.domain, loginId, client: client.client });
  if (!context.signatures.verify(client.signatureKey, message, request.proof)) throw loginFailed();

  return database.transaction(async (tx) => {
    const { account, client: current } = await holder(context, tx, pending);
    // A client re-registered with another key between check and commit has proved nothing.
    if (!equalBytes(current.signatureKey, client.signatureKey)) throw loginFailed();
    return {
      session: await sessions.open(tx, {
        name: account.name,
        client: client.client,
        clientName: request.clientName,
      }),
      recoveryBundle: account.recoveryBundle,
      recoveryBundleVersion: account.credentialVersion,
      leafIdentity: current.leafIdentity,
    };
  });
}

/** The account and client as they are now; refused if they are not those of the login's start. */
async function holder(
  { env, store }: AuthenticationContext,
  tx: ReadTx,
  pending: PendingLogin,
): Promise<{ readonly account: Account; readonly client: StoredClient }> {
  const account = await store.account(tx, pending.name);
  if (!account || account.credentialVersion !== pending.credentialVersion) throw loginFailed();
  const client = await store.client(tx, pending.client);
  if (!client || client.name !== pending.name || client.expiresAt <= env.now()) {
    throw new Refusal("unknownClient", "this client is not in the user's client list");
  }
  return { account, client };
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "user, password or client key is wrong, or the login is over");
}
