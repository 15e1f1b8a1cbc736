import type { Bytes, ClientUri, HandshakeRule, LeafIdentity, UserUri } from "@treehouse/protocol";
import {
  copyBytes,
  LEAF_IDENTITY_EXTENSION,
  leafIdentityCodec,
  parseClientUri,
  Refusal,
  RULES_KNOWN_EXTENSION,
  rulesKnownCodec,
  userOfClient,
  utf8Decode,
} from "@treehouse/protocol";
import type { LeafNode } from "ts-mls/leafNode.js";

import { broken } from "../wire/index.ts";

/** Who a leaf says it is. Nothing is verified here but the form. */
export type LeafView = {
  client: ClientUri;
  user: UserUri;
  signatureKey: Bytes;
  identity: LeafIdentity;
  /** The identity as it stands in the leaf. */
  identityData: Uint8Array;
  /** The highest rules version that the client knows (FED-745). */
  rulesKnown: number;
};

const views = new WeakMap<LeafNode, LeafView>();

/** Every leaf is read once, however many commits it lives through. Refusal: identityInvalid. */
export function readLeaf(leaf: LeafNode): LeafView {
  const known = views.get(leaf);
  if (known !== undefined) return known;
  const view = read(leaf);
  views.set(leaf, view);
  return view;
}

function read(leaf: LeafNode): LeafView {
  const { credential } = leaf;
  if (credential.credentialType !== "basic" || !("identity" in credential)) {
    throw invalid("leafCredential");
  }
  const found = leaf.extensions.filter((one) => one.extensionType === LEAF_IDENTITY_EXTENSION);
  const [extension] = found;
  if (extension === undefined || found.length !== 1) {
    throw invalid("identityCount");
  }
  const client = reading("identityCredential", () =>
    parseClientUri(utf8Decode(credential.identity)),
  );
  return {
    client,
    user: userOfClient(client),
    signatureKey: copyBytes(leaf.signaturePublicKey),
    identity: reading("identityForm", () => leafIdentityCodec.decode(extension.extensionData)),
    identityData: extension.extensionData,
    rulesKnown: rulesKnownOf(leaf),
  };
}

/** A client that says nothing knows the first version. */
function rulesKnownOf({ extensions }: LeafNode): number {
  const said = extensions.find((one) => one.extensionType === RULES_KNOWN_EXTENSION);
  if (said === undefined) return 1;
  return reading("leafRulesKnown", () => rulesKnownCodec.decode(said.extensionData)).rulesVersion;
}

function reading<T>(rule: HandshakeRule, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw invalid(rule, { cause });
  }
}

function invalid(rule: HandshakeRule, options?: ErrorOptions): Refusal {
  return broken(rule, "identityInvalid", {}, options);
}
