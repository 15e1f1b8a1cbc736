import { LEAF_IDENTITY_EXTENSION, LIMITS, RULES_KNOWN_EXTENSION } from "@treehouse/protocol";
import type { HandshakeRule, RefusalCode } from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import { extensionTypeToNumber } from "ts-mls/extension.js";
import type { LeafNode } from "ts-mls/leafNode.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { pointOk } from "../crypto/index.ts";
import { DICTIONARY_EXTENSION, SUITE } from "../profile/index.ts";
import { broken, exceeded } from "../wire/index.ts";

/**
 * What a leaf node says of itself, wherever it stands: in a KeyPackage, in a path, in a tree
 * (FED-981). Nothing here takes a signature check. Refusals: `code`, limitExceeded.
 */
export function checkLeafNode(crypto: MlsCrypto, leaf: LeafNode, code: RefusalCode): void {
  const { capabilities, credential, extensions } = leaf;
  const { versions, ciphersuites, credentials } = capabilities;
  for (const list of Object.values(capabilities)) {
    if (list.length > LIMITS.capabilitiesMax) {
      throw exceeded("leafCapabilityCount", "capabilitiesMax");
    }
  }
  const listed = new Set(capabilities.extensions);
  const refuseUnless = (holds: boolean, rule: HandshakeRule) => {
    if (!holds) throw broken(rule, code);
  };
  refuseUnless(credential.credentialType === "basic", "leafCredential");
  refuseUnless(versions.includes("mls10"), "leafVersions");
  refuseUnless(ciphersuites.includes(SUITE), "leafSuites");
  refuseUnless(credentials.includes("basic"), "leafCredentials");
  const required = [DICTIONARY_EXTENSION, LEAF_IDENTITY_EXTENSION];
  refuseUnless(
    required.every((type) => listed.has(type)),
    "leafExtensions",
  );
  const own = extensions.map(({ extensionType }) => extensionType);
  refuseUnless(
    own.every((type) => typeof type !== "number" || listed.has(type)),
    "leafExtensionUnlisted",
  );
  // The identity has a rule of its own, which says that it must be there, too.
  const others = extensions.filter((one) => one.extensionType !== LEAF_IDENTITY_EXTENSION);
  refuseUnless(areDifferent(others), "leafExtensionTwice");
  const rules = extensions.find((one) => one.extensionType === RULES_KNOWN_EXTENSION);
  refuseUnless(rules === undefined || rules.extensionData.length === 2, "leafRulesKnown");
  refuseUnless(pointOk(leaf.signaturePublicKey), "leafSignatureKey");
  refuseUnless(crypto.isHpkePublicKey(leaf.hpkePublicKey), "leafEncryptionKey");
}

/** No type stands twice in a list (FED-996): who reads the first would differ from who reads all. */
export function areDifferent(extensions: readonly Extension[]): boolean {
  const types = new Set(
    extensions.map(({ extensionType }) => extensionTypeToNumber(extensionType)),
  );
  return types.size === extensions.length;
}
