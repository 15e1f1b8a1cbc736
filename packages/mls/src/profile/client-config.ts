import { LIMITS } from "@treehouse/protocol";
import type { ClientConfig } from "ts-mls/clientConfig.js";
import type { Credential } from "ts-mls/credential.js";
import type { LeafNode } from "ts-mls/leafNode.js";

import { equalBytes, toHex } from "@treehouse/protocol";
import { readLeaf } from "../tree/index.ts";

/**
 * The library's knobs. Lifetimes of added KeyPackages are judged at `at`, the hub's acceptance
 * time in milliseconds, so that everybody comes to the same verdict.
 */
export function clientConfig(at: number): ClientConfig {
  return {
    keyRetentionConfig: {
      retainKeysForEpochs: LIMITS.pastEpochsKept,
      retainKeysForGenerations: LIMITS.overtakenMessagesKept,
      maximumForwardRatchetSteps: LIMITS.messageGapMax,
    },
    lifetimeConfig: {
      maximumTotalLifetime: BigInt(LIMITS.keyPackageLifetimeMaxMs / 1000),
      validateLifetimeOnReceive: true,
      now: () => BigInt(Math.floor(at / 1000)),
    },
    keyPackageEqualityConfig: {
      compareKeyPackages: (a, b) => sameClient(a.leafNode.credential, b.leafNode.credential),
      compareKeyPackageToLeafNode: (a, b) => sameClient(a.leafNode.credential, b.credential),
      mayReplaceByExternalCommit: sameUser,
      clientOf,
    },
    // Padding belongs into the content: the library's leaks the length of long messages.
    paddingConfig: { kind: "padUntilLength", padUntilLength: 0 },
    // The identity in a leaf's extension, which the library does not show here, is judged by the
    // rules in validity.
    authService: {
      validateCredential: async (credential) => credential.credentialType === "basic",
    },
  };
}

const clients = new WeakMap<LeafNode, string>();

/** Asked of every leaf of a tree by each commit that adds somebody. */
function clientOf(leaf: LeafNode): string {
  const known = clients.get(leaf);
  if (known !== undefined) return known;
  const { credential } = leaf;
  const client = "identity" in credential ? toHex(credential.identity) : "";
  clients.set(leaf, client);
  return client;
}

function sameClient(a: Credential, b: Credential): boolean {
  return "identity" in a && "identity" in b && equalBytes(a.identity, b.identity);
}

function sameUser(joiner: LeafNode, removed: LeafNode): boolean {
  return readLeaf(joiner).user === readLeaf(removed).user;
}
