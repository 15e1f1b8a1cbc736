import { domainOf, nameOf } from "@treehouse/protocol";
import type { Bytes, ClientUri, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";

export type PendingLogin = {
  readonly name: string;
  readonly client: ClientUri;
  readonly state: string;
  /** Of the record the login was started with; 0 where there is no account. */
  readonly credentialVersion: number;
};

export type StartedLogin = { readonly loginId: string; readonly loginResponse: Bytes };

/**
 * The first half of a login. A user without an account, or without a password, is answered from a
 * fake record, on the same path and in the same shape: nobody learns here who exists.
 *
 * Refuses `malformed`.
 */
export async function startLogin(
  context: AuthenticationContext,
  request: {
    readonly user: UserUri;
    readonly client: ClientUri;
    readonly startLoginRequest: Bytes;
  },
): Promise<StartedLogin> {
  const { database, store, opaque, pendingLogins } = context;
  // No account has the empty name: a user of another server goes the way of an unknown one.
  const name = domainOf(request.user) === context.domain ? nameOf(request.user) : "";
  const credential = await database.read((tx) => store.credential(tx, name));
  const { loginResponse, state } = opaque.startLogin(
    request.user,
    credential.passwordRecord,
    request.startLoginRequest,
  );
  const { id } = pendingLogins.add({
    name,
    client: request.client,
    state,
    credentialVersion: credential.credentialVersion,
  });
  return { loginId: id, loginResponse };
}
