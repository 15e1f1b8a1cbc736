import {
  type Bytes,
  clientListHash,
  type ClientUri,
  leafIdentityCodec,
  nameOf,
  Refusal,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { type CheckedIdentity, countersign } from "../clients/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { OpenedSession } from "../sessions/index.ts";

/** What a new user receives: her session, and this server's word for her client. */
export type Enrolled = {
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly session: OpenedSession;
  /** Encoded `SignedClientList`, countersigned. */
  readonly clientList: Bytes;
  readonly attestationCountersignature: Bytes;
  /** The kid of the key that countersigned both. */
  readonly countersigner: string;
};

/**
 * Writes a checked account, its first client list and a session in one transaction, after `admit`
 * allowed it inside the same transaction. Refuses `nameTaken` and whatever `admit` refuses.
 */
export async function createAccount(
  context: AuthenticationContext,
  request: {
    readonly user: UserUri;
    readonly identity: CheckedIdentity;
    readonly passwordRecord: Bytes | undefined;
    readonly recoveryBundle: Bytes;
    readonly clientName?: string | undefined;
    readonly admit: (tx: Tx) => Promise<{ readonly admin: boolean }>;
  },
): Promise<Enrolled> {
  const { database, env, sessions, store } = context;
  const { user, identity } = request;
  const name = nameOf(user);
  // Signed before the transaction: nothing of it depends on what is stored.
  const { signedList, leafIdentity } = countersign(context, identity);
  const clientList = signedClientListCodec.encode(signedList);
  const { client, signatureKey, expiresAt } = identity.attestation;

  const session = await database.transaction(async (tx) => {
    const { admin } = await request.admit(tx);
    const created = await store.createAccount(tx, {
      name,
      admin,
      identityKey: identity.signedList.certificate.identityKey,
      passwordRecord: request.passwordRecord,
      recoveryBundle: request.recoveryBundle,
      createdAt: env.now(),
      list: {
        version: signedList.list.version,
        hash: clientListHash(signedList.list),
        signedList: clientList,
      },
      clients: [
        { client, signatureKey, leafIdentity: leafIdentityCodec.encode(leafIdentity), expiresAt },
      ],
    });
    if (!created) throw new Refusal("nameTaken", "this name is in use or was used before");
    return sessions.open(tx, { name, client, clientName: request.clientName });
  });
  return {
    user,
    client,
    session,
    clientList,
    attestationCountersignature: leafIdentity.countersignature,
    countersigner: leafIdentity.countersigner,
  };
}
