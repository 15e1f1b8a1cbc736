import { nameOf, Refusal } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { checkFactor } from "./check-factor.ts";
import { checkBundle } from "./recovery-bundle.ts";

export type PendingChange = {
  readonly user: UserUri;
  readonly state: string;
  /** Of the record against which the old password is proved. */
  readonly credentialVersion: number;
  /** The old password was, with the code of the second factor where there is one. */
  readonly isProved: boolean;
};

export type StartedChange = {
  readonly changeId: string;
  readonly loginResponse: Bytes;
  readonly registrationResponse: Bytes;
  readonly expiresAt: number;
};

/**
 * The first half of a change of password: a login against the old record and a registration for
 * the new one, side by side. Refuses `malformed`.
 */
export async function startCredentialChange(
  context: AuthenticationContext,
  user: UserUri,
  request: { readonly startLoginRequest: Bytes; readonly registrationRequest: Bytes },
): Promise<StartedChange> {
  const { database, opaque, pendingChanges, store } = context;
  const account = await database.read((tx) => store.account(tx, nameOf(user)));
  const { loginResponse, state } = opaque.startLogin(
    user,
    account?.passwordRecord,
    request.startLoginRequest,
  );
  const registrationResponse = opaque.registrationResponse(user, request.registrationRequest);
  const credentialVersion = account?.credentialVersion ?? 0;
  const { id, expiresAt } = pendingChanges.add({
    user,
    state,
    credentialVersion,
    isProved: false,
  });
  return { changeId: id, loginResponse, registrationResponse, expiresAt };
}

/**
 * Between the halves: whoever knows the old password gets the bundle that is sealed under it, to seal
 * it anew. Each change can be proved once; the answer's id takes its place. The bundle holds the key of
 * the identity, so that a second factor is asked for as for a further client.
 *
 * Refuses `loginFailed`, `factorRequired`, `factorInvalid` and `rateLimited`.
 */
export async function proveCredential(
  context: AuthenticationContext,
  user: UserUri,
  request: {
    readonly changeId: string;
    readonly finishLoginRequest: Bytes;
    readonly code: string | undefined;
  },
): Promise<{
  readonly changeId: string;
  readonly recoveryBundle: Bytes;
  readonly recoveryBundleVersion: number;
}> {
  const { database, opaque, pendingChanges, store } = context;
  const pending = pendingChanges.take(request.changeId);
  if (!pending || pending.user !== user) throw loginFailed();
  if (!opaque.finishLogin(pending.state, request.finishLoginRequest)) throw loginFailed();
  const account = await database.read((tx) => store.account(tx, nameOf(user)));
  if (account?.credentialVersion !== pending.credentialVersion) throw loginFailed();
  await checkFactor(context, nameOf(user), request.code);
  return {
    changeId: pendingChanges.add({ ...pending, isProved: true }).id,
    recoveryBundle: account.recoveryBundle,
    recoveryBundleVersion: account.credentialVersion,
  };
}

/**
 * The second half: record and recovery bundle change together, by whoever has proved the old password,
 * and only if nobody changed them meanwhile. A session alone, perhaps a stolen one, is not enough:
 * it could destroy the only bundle. Answers the new version.
 *
 * Refuses `loginFailed`, `conflict`, `malformed` and `limitExceeded`.
 */
export async function finishCredentialChange(
  context: AuthenticationContext,
  user: UserUri,
  request: {
    readonly changeId: string;
    readonly finishLoginRequest: Bytes;
    readonly registrationRecord: Bytes;
    readonly recoveryBundle: Bytes;
  },
): Promise<number> {
  const { database, opaque, pendingChanges, store } = context;
  const pending = pendingChanges.take(request.changeId);
  if (!pending?.isProved || pending.user !== user) throw loginFailed();
  if (!opaque.finishLogin(pending.state, request.finishLoginRequest)) throw loginFailed();
  checkBundle(request.recoveryBundle);
  opaque.checkRecord(request.registrationRecord);

  const changed = await database.transaction((tx) =>
    store.replaceCredential(tx, {
      name: nameOf(user),
      expectedVersion: pending.credentialVersion,
      passwordRecord: request.registrationRecord,
      recoveryBundle: request.recoveryBundle,
    }),
  );
  if (!changed) throw new Refusal("conflict", "password or bundle were changed meanwhile");
  return pending.credentialVersion + 1;
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "the old password is wrong, or the change is over");
}
