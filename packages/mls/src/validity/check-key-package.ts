import type { Bytes, ClientUri, LeafIdentity } from "@treehouse/protocol";
import {
  copyBytes,
  equalBytes,
  LEAF_IDENTITY_EXTENSION,
  LIMITS,
  Refusal,
} from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { makeKeyPackageRef, verifyKeyPackage } from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { pointOk, toTsMls } from "../crypto/index.ts";
import { DICTIONARY_EXTENSION, LAST_RESORT_EXTENSION, SUITE } from "../profile/index.ts";
import { readLeaf } from "../tree/index.ts";
import { decodeUntrusted, keyPackageKind, refuseOn } from "../wire/index.ts";
import { checkIdentity } from "./check-identity.ts";

export type CheckedKeyPackage = {
  client: ClientUri;
  ref: Bytes;
  signatureKey: Bytes;
  /** Milliseconds since the Unix epoch. */
  notBefore: number;
  notAfter: number;
  lastResort: boolean;
  leafIdentity: LeafIdentity;
};

/**
 * A KeyPackage as it may be stored, handed out and added at the time `at`.
 * Refusals: malformed, tooLarge, invalidKeyPackage, identityInvalid.
 */
export async function checkKeyPackage(
  crypto: MlsCrypto,
  bytes: Uint8Array,
  at: number,
): Promise<CheckedKeyPackage> {
  const cs = toTsMls(crypto);
  const keyPackage = decodeUntrusted(keyPackageKind, bytes);
  const { leafNode } = keyPackage;
  if (keyPackage.version !== "mls10" || keyPackage.cipherSuite !== SUITE) {
    throw invalid("the suite is not offered");
  }
  checkCapabilities(keyPackage);
  const lifetime = checkLifetime(keyPackage, at);
  if (!pointOk(leafNode.signaturePublicKey)) throw invalid("the signature key is unusable");
  if (equalBytes(keyPackage.initKey, leafNode.hpkePublicKey)) {
    throw invalid("the init key is the encryption key");
  }
  await checkKeysAndSignatures(cs, keyPackage);
  const view = readLeaf(leafNode);
  const { client, signatureKey, identity } = view;
  checkIdentity(crypto, view, at);
  return {
    client,
    ref: copyBytes(await makeKeyPackageRef(keyPackage, cs.hash)),
    signatureKey,
    ...lifetime,
    lastResort: keyPackage.extensions.some((one) => one.extensionType === LAST_RESORT_EXTENSION),
    leafIdentity: identity,
  };
}

function checkCapabilities({ leafNode }: KeyPackage): void {
  const { versions, ciphersuites, extensions, credentials } = leafNode.capabilities;
  const listed = (type: number) => extensions.includes(type);
  if (!versions.includes("mls10") || !ciphersuites.includes(SUITE)) {
    throw invalid("the capabilities do not list the version and the suite");
  }
  if (!credentials.includes("basic") || !listed(DICTIONARY_EXTENSION)) {
    throw invalid("the capabilities do not list what every room requires");
  }
  if (!listed(LEAF_IDENTITY_EXTENSION)) {
    throw invalid("the capabilities do not list what every room requires");
  }
  const own = leafNode.extensions.map((one) => one.extensionType);
  if (!own.every((type) => typeof type !== "number" || listed(type))) {
    throw invalid("the leaf has an extension that its capabilities do not list");
  }
}

/** The library counts lifetimes in seconds. */
function checkLifetime(
  keyPackage: KeyPackage,
  at: number,
): { notBefore: number; notAfter: number } {
  const { leafNode } = keyPackage;
  if (leafNode.leafNodeSource !== "key_package") throw invalid("the leaf is not a KeyPackage's");
  const notBefore = Number(leafNode.lifetime.notBefore) * 1000;
  const notAfter = Number(leafNode.lifetime.notAfter) * 1000;
  if (!Number.isSafeInteger(notBefore) || !Number.isSafeInteger(notAfter)) {
    throw invalid("the lifetime is out of range");
  }
  if (notBefore > at) throw invalid("the lifetime has not begun");
  if (notAfter < at) throw invalid("the lifetime is over");
  if (notAfter - notBefore > LIMITS.keyPackageLifetimeMaxMs) {
    throw invalid("the lifetime is too long");
  }
  return { notBefore, notAfter };
}

async function checkKeysAndSignatures(cs: CiphersuiteImpl, keyPackage: KeyPackage): Promise<void> {
  const { leafNode } = keyPackage;
  if (leafNode.leafNodeSource !== "key_package") throw invalid("the leaf is not a KeyPackage's");
  const source = { ...leafNode, leafNodeSource: leafNode.leafNodeSource };
  const valid = await refuseOn("invalidKeyPackage", async () => {
    await cs.hpke.importPublicKey(keyPackage.initKey);
    await cs.hpke.importPublicKey(leafNode.hpkePublicKey);
    const leafValid = await verifyLeafNodeSignatureKeyPackage(source, cs.signature);
    return leafValid && (await verifyKeyPackage(keyPackage, cs.signature));
  });
  if (!valid) throw invalid("a signature is not valid");
}

function invalid(message: string): Refusal {
  return new Refusal("invalidKeyPackage", message);
}
