import type { Bytes, ClientUri } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { checkCode } from "../login/index.ts";

/** Somebody has proved password or recovery key, to change the client list as this client. */
export type ProvedForClients = {
  readonly name: string;
  readonly client: ClientUri;
  /** Of the record at the time of the proof. */
  readonly credentialVersion: number;
  /** The client that has approved this one: neither secret was proved, and it may be added alone. */
  readonly approvedBy?: ClientUri;
};

export type ClientsProof = {
  readonly proofId: string;
  readonly recoveryBundle: Bytes;
  readonly recoveryBundleVersion: number;
  /** The latest `SignedClientList`, encoded. */
  readonly clientList: Bytes;
};

/**
 * Ends a login for a client that need not be listed yet: it opens no session, and gives what only
 * the user's own keys can make use of. Refuses `loginFailed` for anything wrong, and where the account
 * has a second factor `factorRequired` without a code, `factorInvalid` and `rateLimited`: the login is
 * over, and begins again with a code.
 */
export async function proveForClients(
  context: AuthenticationContext,
  request: {
    readonly loginId: string;
    readonly client: ClientUri;
    readonly finishLoginRequest: Bytes;
    /** Of the second factor, if the account has one. */
    readonly code: string | undefined;
  },
): Promise<ClientsProof> {
  const { database, neighbours, opaque, pendingLogins, pendingClientProofs, store } = context;
  const pending = pendingLogins.take(request.loginId);
  if (!pending || pending.client !== request.client) throw loginFailed();
  if (!opaque.finishLogin(pending.state, request.finishLoginRequest)) throw loginFailed();
  const { name, client, credentialVersion } = pending;
  const { account, clientList, isRequired } = await database.read(async (tx) => ({
    account: await store.account(tx, name),
    clientList: await store.clientList(tx, name),
    isRequired: await neighbours.current.factors.isRequired(tx, name),
  }));
  if (!account || !clientList || account.credentialVersion !== credentialVersion) {
    throw loginFailed();
  }
  // Before the bundle is given: with it, the password alone would be enough for everything else.
  if (isRequired) await checkCode(context, name, request.code);
  const { id } = pendingClientProofs.add({ name, client, credentialVersion });
  return {
    proofId: id,
    recoveryBundle: account.recoveryBundle,
    recoveryBundleVersion: credentialVersion,
    clientList,
  };
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "user or password is wrong, or the login is over");
}
