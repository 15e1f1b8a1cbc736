import type { Bytes } from "../bytes/index.ts";
import { fixed, struct, u64, utf8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import { domainCodec } from "../identifiers/index.ts";
import type { Domain } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";

/** An Ed25519 key with which a server signs its requests to others. */
export type FederationKey = {
  readonly domain: Domain;
  readonly kid: string;
  readonly key: Bytes;
  /** Milliseconds since the Unix epoch: nothing is signed with it before. */
  readonly notBefore: number;
  /** Nothing is accepted of it from then on; 0 if that is not known yet. */
  readonly expires: number;
};

export const federationKeyCodec: Codec<FederationKey> = struct<FederationKey>({
  domain: domainCodec,
  kid: utf8({ max: LIMITS.keyIdBytesMax }),
  key: fixed(32),
  notBefore: u64,
  expires: u64,
});

/** The certificate of a new key: the signature of one that the others know already (FED-911). */
export function certifyFederationKey(key: FederationKey, sign: Sign): Bytes {
  return sign(messageOf(key));
}

/** Whether the known key certified the new one. */
export function verifyFederationKey(
  key: FederationKey,
  certificate: Bytes,
  certifier: Bytes,
  verify: Verify,
): boolean {
  return verify(certifier, messageOf(key), certificate);
}

function messageOf(key: FederationKey): Bytes {
  return signedBytes(LABELS.federationKey, federationKeyCodec.encode(key));
}
