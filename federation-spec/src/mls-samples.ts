import type { Capabilities } from "@treehouse/protocol";
import {
  encodeRoomState,
  groupUriOf,
  LEAF_IDENTITY_EXTENSION,
  leafIdentityCodec,
  LIMITS,
  requiredCapabilitiesCodec,
  RULES_KNOWN_EXTENSION,
  RULES_VERSION,
  rulesKnownCodec,
  template,
} from "@treehouse/protocol";
import { leafIdentity } from "./identity-samples.ts";
import type { Extension, GroupContext, GroupInfo, KeyPackage, LeafNode } from "./mls-objects.ts";
import { encodeLeafNode, treeHashOfOne, written, x25519PublicKey } from "./mls-objects.ts";
import { alice, alicesClient, hubDomain, octets, room, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

const EXTERNAL_PUB = 4;
const EXTERNAL_SENDERS = 5;
const REQUIRED_CAPABILITIES = 3;
export const DICTIONARY = 0x0006;
const LAST_RESORT = 0x000a;
const SUITE = 1;
export const BASIC = 1;

export const seconds = time / 1000;
const lifetimeMax = LIMITS.keyPackageLifetimeMaxMs / 1000;
const { client: signer, hub } = signingKeys;

export const capabilities: Capabilities = {
  versions: [1],
  ciphersuites: [SUITE],
  extensions: [DICTIONARY, LEAF_IDENTITY_EXTENSION, RULES_KNOWN_EXTENSION],
  proposals: [],
  credentials: [BASIC],
};

export const identity: Extension = {
  type: LEAF_IDENTITY_EXTENSION,
  data: leafIdentityCodec.encode(leafIdentity),
};

export const rulesKnown: Extension = {
  type: RULES_KNOWN_EXTENSION,
  data: rulesKnownCodec.encode({ rulesVersion: RULES_VERSION }),
};

export const leaf: LeafNode = {
  encryptionKey: x25519PublicKey(octets(32, 0x20)),
  signer,
  identity: alicesClient,
  capabilities,
  notBefore: seconds - 3600,
  notAfter: seconds - 3600 + lifetimeMax,
  extensions: [identity, rulesKnown],
};

export const keyPackage: KeyPackage = {
  ciphersuite: SUITE,
  initKey: x25519PublicKey(octets(32, 0x40)),
  leaf,
  extensions: [],
};

export const lastResort: KeyPackage = {
  ...keyPackage,
  extensions: [{ type: LAST_RESORT, data: new Uint8Array(0) }],
};

export const requiredCapabilities: Extension = {
  type: REQUIRED_CAPABILITIES,
  data: requiredCapabilitiesCodec.encode({
    extensions: [DICTIONARY, LEAF_IDENTITY_EXTENSION],
    proposals: [],
    credentials: [BASIC],
  }),
};

export const senders = (...named: readonly string[]): Extension => ({
  type: EXTERNAL_SENDERS,
  data: written((writer) => {
    const list = written((inner) => {
      for (const name of named) {
        inner.opaque(hub.publicKey);
        inner.u16(BASIC);
        inner.text(name);
      }
    });
    writer.opaque(list);
  }),
});

export const dictionary: Extension = {
  type: DICTIONARY,
  data: encodeRoomState(
    template("group", { founder: alice, hub: hubDomain, term: 1, hubKey: hub.publicKey }),
  ),
};

export const leafOctets = encodeLeafNode(leaf);

export const context: GroupContext = {
  ciphersuite: SUITE,
  groupId: groupUriOf(room, 0),
  epoch: 0,
  treeHash: treeHashOfOne(leafOctets),
  transcriptHash: new Uint8Array(0),
  extensions: [senders(hubDomain), requiredCapabilities, dictionary],
};

export const groupInfo: GroupInfo = {
  context,
  extensions: [
    {
      type: EXTERNAL_PUB,
      data: written((writer) => writer.opaque(x25519PublicKey(octets(32, 0x60)))),
    },
  ],
  confirmationTag: octets(32, 0x80),
  signer,
};
