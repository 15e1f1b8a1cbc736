import type { Bytes } from "../bytes/index.ts";
import { sha256 } from "../bytes/index.ts";
import { fixed, struct, utf8 } from "../codec/index.ts";
import { clientUriCodec, domainCodec } from "../identifiers/index.ts";
import type { ClientUri, Domain } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";

/** `Treehouse-Proof: <challenge>.<signature>`, the signature as base64url without padding. */
export const PROOF_HEADER = "treehouse-proof";

export type RequestProof = {
  readonly server: Domain;
  /** Of the server, good for one request of one session. */
  readonly challenge: string;
  readonly client: ClientUri;
  readonly method: string;
  /** With its query, as it stands in the request. */
  readonly path: string;
  readonly bodyHash: Bytes;
};

const requestProofCodec = struct<RequestProof>({
  server: domainCodec,
  challenge: utf8({ max: LIMITS.descriptionBytesMax }),
  client: clientUriCodec,
  method: utf8({ max: 16 }),
  path: utf8({ max: LIMITS.uriBytesMax }),
  bodyHash: fixed(32),
});

/** What a client signs with its signature key to show that a request comes from itself. */
export function requestProofMessage({
  body,
  ...request
}: Omit<RequestProof, "bodyHash"> & { readonly body: Uint8Array }): Bytes {
  const proof = requestProofCodec.encode({ ...request, bodyHash: sha256(body) });
  return signedBytes(LABELS.requestProof, proof);
}
