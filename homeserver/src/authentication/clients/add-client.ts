import {
  type Bytes,
  clientListHash,
  equalBytes,
  leafIdentityCodec,
  loginProofMessage,
  Refusal,
  signedClientListCodec,
} from "@treehouse/protocol";
import { checkAddition, type ClaimedAddition } from "./check-addition.ts";
import type { ReadTx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import { countersign } from "./countersign.ts";
import { verifier } from "./countersignature-key.ts";
import type { ProvedForClients } from "./prove-for-clients.ts";
import type { OpenedSession } from "../sessions/index.ts";
import { tellClients } from "./tell-clients.ts";

export type AddedClient = {
  readonly session: OpenedSession;
  /** Encoded `SignedClientList`, countersigned. */
  readonly clientList: Bytes;
  /** Encoded `LeafIdentity`. */
  readonly leafIdentity: Bytes;
};

/**
 * Takes the next version of a user's client list with one client more, by whoever has proved the
 * password or the recovery key, or was approved by another client, and holds the new client's key; and
 * opens a session for it. The user's own signature makes the client; this server can only witness it.
 * Two that add at the same time: one is refused `conflict` and starts again from the newer list.
 *
 * Refuses `loginFailed`, `conflict`, `malformed` and `identityInvalid`.
 */
export async function addClient(
  context: AuthenticationContext,
  request: ClaimedAddition & {
    readonly proofId: string;
    readonly proof: Bytes;
    readonly clientName: string | undefined;
  },
): Promise<AddedClient> {
  const { database, domain, env, pendingClientProofs, sessions, signatures, store } = context;
  const proved = pendingClientProofs.take(request.proofId);
  if (!proved) throw loginFailed();
  const { name, client, credentialVersion } = proved;
  const stored = await database.read((tx) => store.clientList(tx, name));
  if (!stored) throw loginFailed();
  const previous = signedClientListCodec.decode(stored);
  const verify = verifier(signatures);
  const identity = checkAddition(request, { previous, client, at: env.now(), verify });
  const { attestation } = identity;
  const message = loginProofMessage({ server: domain, loginId: request.proofId, client });
  if (!verify(attestation.signatureKey, message, request.proof)) throw loginFailed();

  const countersigned = countersign(context, identity);
  const clientList = signedClientListCodec.encode(countersigned.signedList);
  const leafIdentity = leafIdentityCodec.encode(countersigned.leafIdentity);
  const session = await database.transaction(async (tx) => {
    const account = await store.account(tx, name);
    // Whoever has changed the password meanwhile has the last word.
    if (!account || account.credentialVersion !== credentialVersion) throw loginFailed();
    await checkApprover(context, tx, proved);
    const latest = await store.clientList(tx, name);
    if (!latest || !equalBytes(latest, stored)) {
      throw new Refusal("conflict", "the client list was changed meanwhile");
    }
    const { list } = countersigned.signedList;
    const { signatureKey, expiresAt } = attestation;
    await store.addClient(tx, {
      list: {
        version: list.version,
        hash: clientListHash(list),
        signedList: clientList,
        acceptedAt: env.now(),
      },
      client: { client, name, signatureKey, leafIdentity, expiresAt },
    });
    await tellClients(context, tx, name, env.now());
    return sessions.open(tx, { name, client, clientName: request.clientName });
  });
  return { session, clientList, leafIdentity };
}

/** A client that was revoked after it approved another one has no say any more. */
async function checkApprover(
  { env, store }: AuthenticationContext,
  tx: ReadTx,
  { approvedBy, name }: ProvedForClients,
): Promise<void> {
  if (approvedBy === undefined) return;
  const approver = await store.client(tx, approvedBy);
  if (approver?.name !== name || approver.expiresAt <= env.now()) throw loginFailed();
}

function loginFailed(): Refusal {
  return new Refusal("loginFailed", "the proof is over, or the client's key is another");
}
