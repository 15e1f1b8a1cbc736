import {
  type Bytes,
  type ClientUri,
  equalBytes,
  loginProofMessage,
  Refusal,
} from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { OpenedSession } from "../sessions/index.ts";
import type { PendingLogin } from "./start-login.ts";
import type { Account, StoredClient } from "../store/index.ts";

export type FinishedLogin = {
  readonly session: OpenedSession;
  readonly recoveryBundle: Bytes;
  readonly recoveryBundleVersion: number;
  /** Encoded `LeafIdentity`: a client whose registration's answer was lost has it from here. */
  readonly leafIdentity: Bytes;
};

/** A login that lacks nothing but a code of the second factor. */
export type PendingFactor = Pick<PendingLogin, "name" | "client" | "credentialVersion"> & {
  readonly signatureKey: Bytes;
  readonly clientName: string | undefined;
};

/**
 * The second half: a session for one client, to whoever knows the password *and* holds the
 * client's key. The proof covers this server, this login and the client, and each login ends with
 * its first answer, so that neither can be replayed, here or at another server (T-12).
 *
 * Refuses `loginFailed` for anything wrong, `unknownClient` when the password was right but the
 * client is not in the user's client list, and `factorRequired`, with a challenge under which the
 * login goes on, when everything was right and the account has a second factor.
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
  const { database, neighbours, opaque, pendingFactors, pendingLogins } = context;
  const pending = pendingLogins.take(request.loginId);
  if (!pending || pending.client !== request.client) throw loginFailed();
  if (!opaque.finishLogin(pending.state, request.finishLoginRequest)) throw loginFailed();

  const { client, isRequired } = await database.read(async (tx) => ({
    ...(await holder(context, tx, pending)),
    isRequired: await neighbours.current.factors.isRequired(tx, pending.name),
  }));
  const { loginId } = request;
  const message = loginProofMessage({ server: context.domain, loginId, client: client.client });
  if (!context.signatures.verify(client.signatureKey, message, request.proof)) throw loginFailed();

  const proved = {
    name: pending.name,
    client: pending.client,
    credentialVersion: pending.credentialVersion,
    signatureKey: client.signatureKey,
    clientName: request.clientName,
  };
  if (!isRequired) return openSession(context, proved);
  throw new Refusal(
    "factorRequired",
    "this login takes a code of the authenticator app, or a recovery code",
    {
      challenge: pendingFactors.add(proved).id,
    },
  );
}

/**
 * Goes on with a login that was asked for its second factor. A wrong code leaves it open for
 * another try, as far as those go.
 *
 * Refuses `loginFailed` when the login is over, `factorInvalid` and `rateLimited`.
 */
export async function finishFactor(
  context: AuthenticationContext,
  request: { readonly challenge: string; readonly client: ClientUri; readonly code: string },
): Promise<FinishedLogin> {
  const { neighbours, pendingFactors } = context;
  const pending = pendingFactors.peek(request.challenge);
  if (!pending || pending.client !== request.client) throw loginFailed();
  await neighbours.current.factors.check(pending.name, request.code);
  if (pendingFactors.take(request.challenge) === undefined) throw loginFailed();
  return openSession(context, pending);
}

function openSession(
  context: AuthenticationContext,
  proved: PendingFactor,
): Promise<FinishedLogin> {
  const { database, sessions } = context;
  return database.transaction(async (tx) => {
    const { account, client } = await holder(context, tx, proved);
    // A client re-registered with another key between check and commit has proved nothing.
    if (!equalBytes(client.signatureKey, proved.signatureKey)) throw loginFailed();
    return {
      session: await sessions.open(tx, {
        name: account.name,
        client: client.client,
        clientName: proved.clientName,
      }),
      recoveryBundle: account.recoveryBundle,
      recoveryBundleVersion: account.credentialVersion,
      leafIdentity: client.leafIdentity,
    };
  });
}

/** The account and client as they are now; refused if they are not those of the login's start. */
async function holder(
  { env, store }: AuthenticationContext,
  tx: ReadTx,
  pending: Pick<PendingLogin, "name" | "client" | "credentialVersion">,
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
