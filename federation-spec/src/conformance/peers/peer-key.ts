import {
  certifyFederationKey,
  concatBytes,
  sha256,
  toBase64Url,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, DirectoryDocument, Domain } from "@treehouse/protocol";
import { signingKeyOf } from "../../signing-keys.ts";
import type { SigningKey } from "../../signing-keys.ts";

/** A federation key of one of the suite's servers. */
export interface PeerKey {
  readonly kid: string;
  readonly signing: SigningKey;
  readonly notBefore: number;
  readonly exp: number | undefined;
  readonly certificate: { readonly by: string; readonly octets: Bytes } | undefined;
}

/** The same seed, domain and id give the same key. */
export function peerSigningKey(seed: Bytes, domain: Domain, kid: string): SigningKey {
  return signingKeyOf(sha256(concatBytes(seed, utf8Encode(`${domain} ${kid}`))));
}

/** The key with the word of an older one for it (FED-911). */
export function certified(domain: Domain, key: PeerKey, by: PeerKey): PeerKey {
  const { kid, signing, notBefore, exp } = key;
  const federationKey = { domain, kid, key: signing.publicKey, notBefore, expires: exp ?? 0 };
  const octets = certifyFederationKey(federationKey, by.signing.sign);
  return { ...key, certificate: { by: by.kid, octets } };
}

/** As the directory lists it. */
export function listed(key: PeerKey): DirectoryDocument["keys"][number] {
  const { kid, signing, notBefore, exp, certificate } = key;
  return {
    kid,
    kty: "OKP",
    crv: "Ed25519",
    x: toBase64Url(signing.publicKey),
    notBefore,
    ...(exp === undefined ? {} : { exp }),
    ...(certificate === undefined
      ? {}
      : { certifiedBy: certificate.by, certificate: toBase64Url(certificate.octets) }),
  };
}
