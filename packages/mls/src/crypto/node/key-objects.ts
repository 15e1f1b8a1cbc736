import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";

type Curve = "ed25519" | "x25519";

/** What stands before the 32 octets in PKCS #8 (RFC 8410). */
const pkcs8 = {
  ed25519: Buffer.from("302e020100300506032b657004220420", "hex"),
  x25519: Buffer.from("302e020100300506032b656e04220420", "hex"),
};
/** Public keys as JWK (RFC 8037): Node takes twice as long for a DER structure. */
const jwkNames = { ed25519: "Ed25519", x25519: "X25519" };

/** Public keys come back: a leaf's with each of its messages, a node's with each commit. */
const publicKeysMax = 8192;
const publicKeys = {
  ed25519: new Map<string, KeyObject>(),
  x25519: new Map<string, KeyObject>(),
};

/** Private keys are found by the array they are in, and so never outlive it here. */
const privateKeys = {
  ed25519: new WeakMap<Uint8Array, { copy: Uint8Array; key: KeyObject }>(),
  x25519: new WeakMap<Uint8Array, { copy: Uint8Array; key: KeyObject }>(),
};

export function publicKeyObject(curve: Curve, octets: Uint8Array): KeyObject {
  const cache = publicKeys[curve];
  const name = Buffer.from(octets).toString("base64");
  let key = cache.get(name);
  if (key === undefined) {
    key = importPublicKey(curve, octets);
  } else {
    cache.delete(name); // to be put behind all others: the first in the map is the oldest used
  }
  cache.set(name, key);
  if (cache.size > publicKeysMax) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  return key;
}

/** For keys of a long series, which would push out those that come back. Throws for what is no point. */
export function importPublicKey(curve: Curve, octets: Uint8Array): KeyObject {
  const key = { kty: "OKP", crv: jwkNames[curve], x: Buffer.from(octets).toString("base64url") };
  return untraced(() => createPublicKey({ key, format: "jwk" }));
}

export function privateKeyObject(curve: Curve, octets: Uint8Array): KeyObject {
  const cached = privateKeys[curve].get(octets);
  // the array may have been overwritten since
  if (cached?.copy.every((octet, i) => octet === octets[i]) === true) return cached.key;
  const der = Buffer.concat([pkcs8[curve], octets]);
  const key = untraced(() => createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  privateKeys[curve].set(octets, { copy: Uint8Array.from(octets), key });
  return key;
}

/**
 * Node finds out what it is given by errors that it catches itself, and their stack traces cost as much
 * as the import.
 */
function untraced<T>(run: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The public half of a private key. */
export function publicOctets(privateKey: KeyObject): Uint8Array<ArrayBuffer> {
  // as JWK: the export of a DER structure costs ten times as much
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return Uint8Array.from(Buffer.from(x, "base64url"));
}
