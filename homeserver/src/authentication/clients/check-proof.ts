import { fromBase64Url, Refusal, requestProofMessage } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { ProvedRequest, Session } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";
import type { AuthenticationLimits } from "../limits.ts";

/** A challenge is good for the session that it was given to. */
export type PendingProof = { readonly session: string };

const SIGNATURE_BYTES = 64;

/**
 * Sees that a request comes from the client itself, and not from whoever has got hold of its token:
 * the client's key has signed a challenge of this server together with the whole request. Each
 * challenge ends with the first request that names it, and none survives a restart.
 *
 * Refuses `proofRequired`, with a new challenge, and `rateLimited`.
 */
export async function checkProof(
  context: AuthenticationContext,
  limits: Pick<AuthenticationLimits, "proofPerSession">,
  session: Session,
  request: ProvedRequest,
): Promise<void> {
  limits.proofPerSession.take(session.id);
  const given = request.proof === undefined ? undefined : parse(request.proof);
  if (given !== undefined && (await holds(context, session, request, given))) return;
  const { id } = context.pendingProofs.add({ session: session.id });
  const what = given === undefined ? "this act takes" : "the proof does not hold; this act takes";
  throw new Refusal("proofRequired", `${what} the signature of the client's own key`, {
    challenge: id,
  });
}

type Given = { readonly challenge: string; readonly signature: Bytes };

function parse(proof: string): Given | undefined {
  const [, challenge, text] = /^([\w-]{1,64})\.([\w-]{86})$/.exec(proof) ?? [];
  if (challenge === undefined || text === undefined) return undefined;
  try {
    const signature = fromBase64Url(text);
    return signature.length === SIGNATURE_BYTES ? { challenge, signature } : undefined;
  } catch {
    // Two spellings of one signature are one too many: the decoder takes the canonical one alone.
    return undefined;
  }
}

async function holds(
  { database, domain, env, pendingProofs, signatures, store }: AuthenticationContext,
  session: Session,
  { method, path, body }: ProvedRequest,
  { challenge, signature }: Given,
): Promise<boolean> {
  if (pendingProofs.take(challenge)?.session !== session.id) return false;
  const client = await database.read((tx) => store.client(tx, session.client));
  if (!client || client.expiresAt <= env.now()) return false;
  const asked = { server: domain, challenge, client: session.client, method, path, body };
  return signatures.verify(client.signatureKey, requestProofMessage(asked), signature);
}
