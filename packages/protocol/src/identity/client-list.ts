import { equalBytes } from "../bytes/index.ts";
import type { Bytes, Hash } from "../bytes/index.ts";
import { checked, fixed, opaque, struct, u64, utf8, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { signatureCodec } from "../delivery/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import { clientUriCodec, userOfClient, userUriCodec } from "../identifiers/index.ts";
import type { ClientUri, UserUri } from "../identifiers/index.ts";
import { labelledHash, LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import { deviceSigningCertificateCodec, verifyCertificate } from "./certificate.ts";
import type { DeviceSigningCertificate } from "./certificate.ts";

export type ListedClient = {
  readonly client: ClientUri;
  readonly signatureKey: Bytes;
  readonly addedAt: number;
  readonly expiresAt: number;
};

/** All clients of a user. Each version names the one before by its hash. */
export type ClientList = {
  readonly user: UserUri;
  /** From 1. */
  readonly version: number;
  /** `clientListHash` of the version before; 32 zero octets for version 1. */
  readonly previousHash: Bytes;
  /** Strictly ascending by URI; all of this user. */
  readonly clients: readonly ListedClient[];
};

export type SignedClientList = {
  readonly list: ClientList;
  readonly certificate: DeviceSigningCertificate;
  /** By the certificate's device-signing key. */
  readonly signature: Bytes;
  /** By the user's homeserver; empty before it took the list. */
  readonly countersignature: Bytes;
  /** Id of the server key; empty with the countersignature. */
  readonly countersigner: string;
};

/** `previousHash` of a user's first client list. */
export const firstClientListPrevious: Bytes = new Uint8Array(32);

export const countersignatureCodec: Codec<Bytes> = checked(opaque({ max: 64 }), ({ length }) =>
  length === 0 || length === 64 ? undefined : "a countersignature of odd length",
);

export const clientListCodec: Codec<ClientList> = checked(
  struct<ClientList>({
    user: userUriCodec,
    version: u64,
    previousHash: opaque({ max: 32, min: 32 }),
    clients: vector(
      struct<ListedClient>({
        client: clientUriCodec,
        signatureKey: fixed(32),
        addedAt: u64,
        expiresAt: u64,
      }),
      { countMax: LIMITS.clientsPerUserMax },
    ),
  }),
  faultOfList,
);

export const signedClientListCodec: Codec<SignedClientList> = struct<SignedClientList>({
  list: clientListCodec,
  certificate: deviceSigningCertificateCodec,
  signature: signatureCodec,
  countersignature: countersignatureCodec,
  countersigner: utf8({ max: LIMITS.keyIdBytesMax }),
});

/** What the next version names as its previous hash. */
export function clientListHash(list: ClientList, hash?: Hash): Bytes {
  return labelledHash(LABELS.clientListHash, clientListCodec.encode(list), hash);
}

/** Signs with the certificate's device-signing key; not countersigned yet. */
export function signClientList(
  list: ClientList,
  certificate: DeviceSigningCertificate,
  sign: Sign,
): SignedClientList {
  const signature = sign(signedBytes(LABELS.clientList, clientListCodec.encode(list)));
  const countersignature = new Uint8Array(0);
  return { list, certificate, signature, countersignature, countersigner: "" };
}

/** The same list with the server's signature over list, certificate and the user's signature. */
export function countersignClientList(
  signed: SignedClientList,
  countersigner: string,
  sign: Sign,
): SignedClientList {
  return { ...signed, countersigner, countersignature: sign(countersignedMessage(signed)) };
}

export function verifyClientListCountersignature(
  signed: SignedClientList,
  serverKey: Bytes,
  verify: Verify,
): boolean {
  return verify(serverKey, countersignedMessage(signed), signed.countersignature);
}

/**
 * Refuses with "identityInvalid" a list that its own certificate does not bear out, or that does
 * not follow `previous`. Without `previous` any version is taken: what the first one to be seen is
 * worth depends on the pin of the identity key, which the caller compares.
 */
export function checkClientList(
  signed: SignedClientList,
  checks: { readonly verify: Verify; readonly previous?: SignedClientList | undefined },
): void {
  const { list, certificate, signature } = signed;
  const { verify, previous } = checks;
  if (certificate.user !== list.user) throw invalid("the certificate is another user's");
  if (!verifyCertificate(certificate, verify)) throw invalid("the certificate's signature");
  const message = signedBytes(LABELS.clientList, clientListCodec.encode(list));
  if (!verify(certificate.deviceSigningKey, message, signature)) {
    throw invalid("the client list's signature");
  }
  if (previous !== undefined) checkSuccession(signed, previous);
}

function checkSuccession(signed: SignedClientList, previous: SignedClientList): void {
  if (signed.list.user !== previous.list.user) throw invalid("another user's list");
  if (signed.list.version !== previous.list.version + 1) throw invalid("not the next version");
  if (!equalBytes(signed.list.previousHash, clientListHash(previous.list))) {
    throw invalid("the previous hash differs");
  }
  if (!equalBytes(signed.certificate.identityKey, previous.certificate.identityKey)) {
    throw invalid("another identity key");
  }
  if (signed.certificate.number < previous.certificate.number) {
    throw invalid("a device-signing key that has been replaced");
  }
}

function faultOfList(list: ClientList): string | undefined {
  if (list.version < 1) return "a client list without version";
  const first = equalBytes(list.previousHash, firstClientListPrevious);
  if (first !== (list.version === 1)) return "a previous hash that does not fit the version";
  for (const [index, { client }] of list.clients.entries()) {
    if (userOfClient(client) !== list.user) return "another user's client";
    const before = list.clients[index - 1]?.client;
    if (before !== undefined && before >= client) return "clients that are not ascending";
  }
  return undefined;
}

function countersignedMessage(signed: SignedClientList): Bytes {
  const bare = { ...signed, countersignature: new Uint8Array(0), countersigner: "" };
  return signedBytes(LABELS.clientListCountersignature, signedClientListCodec.encode(bare));
}

function invalid(what: string): Refusal {
  return new Refusal("identityInvalid", what);
}
