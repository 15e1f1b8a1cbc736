import type {
  Bytes,
  ClientUri,
  HandshakeRule,
  LeafIdentity,
  RefusalCode,
} from "@treehouse/protocol";
import { copyBytes, equalBytes, LIMITS } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { makeKeyPackageRef, verifyKeyPackage } from "ts-mls/keyPackage.js";
import { verifyLeafNodeSignatureKeyPackage } from "ts-mls/leafNode.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls } from "../crypto/index.ts";
import { LAST_RESORT_EXTENSION, SUITE } from "../profile/index.ts";
import { readLeaf } from "../tree/index.ts";
import { broken, decodeUntrusted, keyPackageKind, refuseOn } from "../wire/index.ts";
import { checkIdentity } from "./check-identity.ts";
import { areDifferent, checkLeafNode } from "./check-leaf-node.ts";

export type CheckedKeyPackage = {
  client: ClientUri;
  ref: Bytes;
  signatureKey: Bytes;
  /** Milliseconds since the Unix epoch. */
  notBefore: number;
  notAfter: number;
  lastResort: boolean;
  leafIdentity: LeafIdentity;
  /** The highest rules version that the client knows (FED-745). */
  rulesKnown: number;
};

/**
 * A KeyPackage as it may be stored, handed out and added at the time `at`.
 * Refusals: malformed, tooLarge, invalidKeyPackage, identityInvalid, limitExceeded.
 */
export async function checkKeyPackage(
  crypto: MlsCrypto,
  bytes: Uint8Array,
  at: number,
): Promise<CheckedKeyPackage> {
  const cs = toTsMls(crypto);
  const keyPackage = decodeUntrusted(keyPackageKind, bytes);
  const lifetime = checkKeyPackageForm(crypto, keyPackage, at, "invalidKeyPackage");
  await checkSignatures(cs, keyPackage);
  const view = readLeaf(keyPackage.leafNode);
  const { client, signatureKey, identity, rulesKnown } = view;
  checkIdentity(crypto, view, at);
  return {
    client,
    ref: copyBytes(await makeKeyPackageRef(keyPackage, cs.hash)),
    signatureKey,
    ...lifetime,
    lastResort: keyPackage.extensions.some((one) => one.extensionType === LAST_RESORT_EXTENSION),
    leafIdentity: identity,
    rulesKnown,
  };
}

/**
 * What can be said of a KeyPackage before its signatures, the same at an upload and in a commit.
 * Refusals: `code`, limitExceeded.
 */
export function checkKeyPackageForm(
  crypto: MlsCrypto,
  keyPackage: KeyPackage,
  at: number,
  code: RefusalCode,
): { notBefore: number; notAfter: number } {
  const { leafNode, extensions } = keyPackage;
  if (keyPackage.version !== "mls10") throw broken("keyPackageVersion", code);
  if (keyPackage.cipherSuite !== SUITE) throw broken("keyPackageSuite", code);
  if (!areDifferent(extensions)) throw broken("keyPackageExtensionTwice", code);
  const marks = extensions.filter((one) => one.extensionType === LAST_RESORT_EXTENSION);
  if (marks.some(({ extensionData }) => extensionData.length > 0)) {
    throw broken("lastResortContent", code);
  }
  checkLeafNode(crypto, leafNode, code);
  if (equalBytes(keyPackage.initKey, leafNode.hpkePublicKey)) throw broken("initKeyTwice", code);
  if (!crypto.isHpkePublicKey(keyPackage.initKey)) throw broken("initKeyUnusable", code);
  return checkLifetime(keyPackage, at, code);
}

/** The library counts lifetimes in seconds. */
function checkLifetime(
  { leafNode }: KeyPackage,
  at: number,
  code: RefusalCode,
): { notBefore: number; notAfter: number } {
  if (leafNode.leafNodeSource !== "key_package") throw broken("form", "malformed");
  const notBefore = Number(leafNode.lifetime.notBefore) * 1000;
  const notAfter = Number(leafNode.lifetime.notAfter) * 1000;
  const refuseUnless = (holds: boolean, rule: HandshakeRule) => {
    if (!holds) throw broken(rule, code);
  };
  refuseUnless(Number.isSafeInteger(notBefore) && Number.isSafeInteger(notAfter), "lifetimeRange");
  refuseUnless(notBefore <= at, "lifetimeEarly");
  refuseUnless(notAfter >= at, "lifetimeOver");
  refuseUnless(notAfter - notBefore <= LIMITS.keyPackageLifetimeMaxMs, "lifetimeLong");
  return { notBefore, notAfter };
}

async function checkSignatures(cs: CiphersuiteImpl, keyPackage: KeyPackage): Promise<void> {
  const { leafNode } = keyPackage;
  if (leafNode.leafNodeSource !== "key_package") throw broken("form", "malformed");
  const source = { ...leafNode, leafNodeSource: leafNode.leafNodeSource };
  const { signature } = cs;
  const refuseUnless = async (rule: HandshakeRule, run: () => Promise<boolean>) => {
    const code = "invalidKeyPackage";
    if (!(await refuseOn(code, run, { other: rule }))) throw broken(rule, code);
  };
  await refuseUnless("leafSignature", () => verifyLeafNodeSignatureKeyPackage(source, signature));
  await refuseUnless("keyPackageSignature", () => verifyKeyPackage(keyPackage, signature));
}
