import { nameOf, Refusal } from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import { userOfName } from "./account-name.ts";
import type { AuthenticationContext } from "../context.ts";

export type PendingRegistration = { readonly user: UserUri };

export type StartedRegistration = {
  readonly user: UserUri;
  readonly registrationId: string;
  readonly registrationResponse: Bytes;
  readonly expiresAt: number;
};

/**
 * The first half of a registration: answers the OPAQUE request for the user a name stands for.
 * Reserves nothing; the name is decided by the second half.
 *
 * Refuses `nameInvalid`, `malformed` and, where anybody may register, `nameTaken`. Where an invite
 * is needed the second half says so, after the invite: who holds none learns no names here.
 */
export async function startRegistration(
  context: AuthenticationContext,
  request: { readonly name: string; readonly registrationRequest: Bytes },
): Promise<StartedRegistration> {
  const user = userOfName(context.domain, request.name);
  if (context.registration === "open") {
    const { database, store } = context;
    const taken = await database.read((tx) => store.nameIsTaken(tx, nameOf(user)));
    if (taken) throw new Refusal("nameTaken", "this name is in use or was used before");
  }
  const registrationResponse = context.opaque.registrationResponse(
    user,
    request.registrationRequest,
  );
  const { id, expiresAt } = context.pendingRegistrations.add({ user });
  return { user, registrationId: id, registrationResponse, expiresAt };
}
