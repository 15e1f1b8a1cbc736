import {
  checkCreated,
  checkDigest,
  equalBytes,
  LIMITS,
  parseDigest,
  parsePeerHeaders,
  parseSignature,
  Refusal,
  toBase64Url,
  verifyRequest,
} from "@treehouse/protocol";
import type { Bytes, Domain, PeerHeaders, RequestSignature } from "@treehouse/protocol";
import { sha256 } from "../platform/index.ts";
import type { PeerRequestHead } from "../platform/index.ts";
import type { PeersContext } from "./context.ts";
import { versionWith } from "./directory.ts";
import { checkNotFrozen, directoryThatFits, lookForKeys } from "./discover.ts";
import { createNonceWindow } from "./nonce-window.ts";
import type { PeerState } from "./peer-state.ts";
import { usableAt } from "./pin-keys.ts";
import type { PeerKey } from "./store.ts";

export interface ClaimedRequest {
  readonly from: Domain;
  readonly head: PeerRequestHead;
  readonly body: Bytes;
}

export interface ProvedRequest {
  readonly state: PeerState;
  readonly transactionId: string;
}

/** The server that the request is from; throws a `Refusal` unless that is proved. */
export async function authenticate(
  context: PeersContext,
  request: ClaimedRequest,
): Promise<ProvedRequest> {
  // FED-915: the digest comes before the form of anything else.
  checkDigest(parseDigest(request.head.headers), request.body, sha256);
  const headers = parsePeerHeaders(request.head.headers);
  const { transactionId } = headers;
  const state = context.book.find(request.from);
  const created =
    context.authentication === "mtls"
      ? checkCertificate(request)
      : await checkSignature(context, state, request, headers);
  // FED-918: as far as its directory is at hand, for this server did not ask for anything.
  if (state.directory !== undefined) {
    await directoryThatFits(context, state, state.directory.document, versionWith);
  }
  if (created !== undefined && created * 1_000 > context.env.now()) {
    await noteAhead(context, state, created);
  }
  if (!state.known) await context.book.save(state, state.record);
  return { state, transactionId };
}

/** FED-914: the certificate must carry the server's whole name; a wildcard proves nothing. */
function checkCertificate({ from, head: { certificate } }: ClaimedRequest): undefined {
  if (certificate === undefined) {
    throw new Refusal("signatureInvalid", "A certificate of a trusted authority is needed.");
  }
  const names = { subject: "never", wildcards: false, partialWildcards: false } as const;
  if (certificate.checkHost(from, names) === undefined) {
    throw new Refusal("signatureInvalid", "The certificate is another server's.");
  }
}

/** When it was signed, in seconds. */
async function checkSignature(
  context: PeersContext,
  state: PeerState,
  { head }: ClaimedRequest,
  headers: PeerHeaders,
): Promise<number> {
  const { env, domain, signatures } = context;
  const signature = parseSignature(head.headers);
  const key = await keyOf(context, state, signature.kid, head.address);
  const signed = { ...headers, method: head.method, authority: domain, path: head.path };
  const isValid = verifyRequest(signed, signature, key.key, (publicKey, message, octets) =>
    signatures.verify(publicKey, message, octets),
  );
  if (!isValid) throw new Refusal("signatureInvalid", "The signature is not the request's.");
  checkCreated(signature.created, env.now());
  checkSinceStart(context, state, signature);
  state.nonces ??= createNonceWindow(env);
  state.nonces.take(signature.nonce);
  return signature.created;
}

/**
 * Nonces are remembered in memory only, so what may have come before a restart is not taken: of whom this
 * server has known since before, also not what was signed in the second of the start.
 */
function checkSinceStart(
  { env, nonceStart, startedAt }: PeersContext,
  { isOfFormerLife, signedBefore }: PeerState,
  { created, nonce }: RequestSignature,
): void {
  const start = Math.floor(startedAt() / 1_000);
  const isLater = isOfFormerLife ? created > start : created >= start;
  if (isLater && created > signedBefore) return;
  // FED-1116: whatever the sender's clock says, this was made after the start.
  if (equalBytes(nonce.subarray(0, nonceStart.length), nonceStart)) return;
  throw new Refusal("signatureInvalid", "signed before this server was started", {
    serverTime: env.now(),
    nonceStart: toBase64Url(nonceStart),
  });
}

/**
 * What is signed by a clock that is ahead would seem to come after a restart. How far it went is
 * stored before such a request is taken; a little more at once, so that this is seldom.
 */
async function noteAhead(context: PeersContext, state: PeerState, created: number): Promise<void> {
  while (created > (state.record.signedUntil ?? 0)) {
    const signedUntil = created + aheadSeconds;
    state.raising ??= context.book.noteSigned(state, signedUntil).finally(() => {
      state.raising = undefined;
    });
    await state.raising;
  }
}

/** For so long a server whose clock is ahead may have to ask twice after a restart of this one. */
const aheadSeconds = 5;

async function keyOf(
  context: PeersContext,
  state: PeerState,
  kid: string,
  address: string,
): Promise<PeerKey> {
  const usable = (): PeerKey | undefined =>
    state.record.pinned.find(
      (key) => key.kid === kid && usableAt(key, context.env.now(), LIMITS.federationSkewMs),
    );
  if (usable() === undefined) await lookForKeys(context, state, address);
  checkNotFrozen(state);
  const key = usable();
  if (key === undefined) throw new Refusal("peerUnknown", "The key is not in the directory.");
  return key;
}
