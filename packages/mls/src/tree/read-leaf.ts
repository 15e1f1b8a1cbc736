import type { Bytes, ClientUri, LeafIdentity, UserUri } from "@treehouse/protocol";
import {
  copyBytes,
  LEAF_IDENTITY_EXTENSION,
  leafIdentityCodec,
  parseClientUri,
  Refusal,
  userOfClient,
  utf8Decode,
} from "@treehouse/protocol";
import type { LeafNode } from "ts-mls/leafNode.js";

/** Who a leaf says it is. Nothing is verified here but the form. */
export type LeafView = {
  client: ClientUri;
  user: UserUri;
  signatureKey: Bytes;
  identity: LeafIdentity;
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
    throw invalid("the credential is not basic");
  }
  const found = leaf.extensions.filter((one) => one.extensionType === LEAF_IDENTITY_EXTENSION);
  const [extension] = found;
  if (extension === undefined || found.length !== 1) {
    throw invalid("the leaf has no identity extension");
  }
  try {
    const client = parseClientUri(utf8Decode(credential.identity));
    return {
      client,
      user: userOfClient(client),
      signatureKey: copyBytes(leaf.signaturePublicKey),
      identity: leafIdentityCodec.decode(extension.extensionData),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal("identityInvalid", error.message, {}, { cause: error });
  }
}

function invalid(message: string): Refusal {
  return new Refusal("identityInvalid", message);
}
