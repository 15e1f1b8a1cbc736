import type { Bytes } from "../bytes/index.ts";
import { struct, utf8 } from "../codec/index.ts";
import { clientUriCodec, domainCodec } from "../identifiers/index.ts";
import type { ClientUri, Domain } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";

export type LoginProof = {
  readonly server: Domain;
  readonly loginId: string;
  readonly client: ClientUri;
};

const loginProofCodec = struct<LoginProof>({
  server: domainCodec,
  loginId: utf8({ max: LIMITS.descriptionBytesMax }),
  client: clientUriCodec,
});

/** What a client signs with its signature key to bind a session to itself. */
export function loginProofMessage(proof: LoginProof): Bytes {
  return signedBytes(LABELS.loginProof, loginProofCodec.encode(proof));
}
