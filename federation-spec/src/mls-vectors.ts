import type { Capabilities } from "@treehouse/protocol";
import {
  capabilitiesCodec,
  LEAF_IDENTITY_EXTENSION,
  requiredCapabilitiesCodec,
  toHex,
} from "@treehouse/protocol";
import { metadataVectors } from "./metadata-vectors.ts";
import type { Extension, GroupContext, GroupInfo, KeyPackage, LeafNode } from "./mls-objects.ts";
import { encodeGroupInfo, encodeKeyPackage, keyPackageRef, treeOfOne } from "./mls-objects.ts";
import {
  BASIC,
  capabilities,
  context,
  DICTIONARY,
  dictionary,
  groupInfo,
  identity,
  keyPackage,
  lastResort,
  leaf,
  leafOctets,
  requiredCapabilities,
  rulesKnown,
  seconds,
  senders,
} from "./mls-samples.ts";
import { bobsClient, hubDomain, octets, room, time } from "./sample-values.ts";
import { signingKeys } from "./signing-keys.ts";

const withLeaf = (change: Partial<LeafNode>): KeyPackage => ({
  ...keyPackage,
  leaf: { ...leaf, ...change },
});

const without = (change: Partial<Capabilities>): KeyPackage =>
  withLeaf({ capabilities: { ...capabilities, ...change } });

type Refused<T> = readonly [name: string, rule: string, code: string, value: T];

const refusedKeyPackages: readonly Refused<KeyPackage>[] = [
  ["of another suite", "FED-980", "invalidKeyPackage", { ...keyPackage, ciphersuite: 3 }],
  [
    "of a leaf whose capabilities leave suite 1 out",
    "FED-981",
    "invalidKeyPackage",
    without({ ciphersuites: [3] }),
  ],
  [
    "of a leaf whose capabilities leave the dictionary out",
    "FED-981",
    "invalidKeyPackage",
    without({ extensions: [LEAF_IDENTITY_EXTENSION] }),
  ],
  [
    "of a leaf whose capabilities leave its identity out",
    "FED-981",
    "invalidKeyPackage",
    without({ extensions: [DICTIONARY] }),
  ],
  [
    "of a leaf with an extension that its capabilities do not list",
    "FED-981",
    "invalidKeyPackage",
    withLeaf({ extensions: [identity, { type: 0xf00f, data: octets(4) }] }),
  ],
  [
    "of a leaf that says of its rules what is no number",
    "FED-745",
    "invalidKeyPackage",
    withLeaf({ extensions: [identity, { ...rulesKnown, data: octets(3) }] }),
  ],
  ["of a leaf without an identity", "FED-981", "identityInvalid", withLeaf({ extensions: [] })],
  [
    "of a leaf with two identities",
    "FED-981",
    "identityInvalid",
    withLeaf({ extensions: [identity, identity] }),
  ],
  [
    "of a leaf whose credential names another client than its identity",
    "FED-305",
    "identityInvalid",
    withLeaf({ identity: bobsClient }),
  ],
  [
    "of a leaf with another signature key than its identity",
    "FED-305",
    "identityInvalid",
    withLeaf({ signer: signingKeys.server }),
  ],
  [
    "whose init key is its leaf's encryption key",
    "FED-982",
    "invalidKeyPackage",
    { ...keyPackage, initKey: leaf.encryptionKey },
  ],
  [
    "whose init key is of small order",
    "FED-980",
    "invalidKeyPackage",
    { ...keyPackage, initKey: new Uint8Array(32) },
  ],
  [
    "that is not valid yet",
    "FED-982",
    "invalidKeyPackage",
    withLeaf({ notBefore: seconds + 1, notAfter: seconds + 2 }),
  ],
  [
    "that is not valid any more",
    "FED-982",
    "invalidKeyPackage",
    withLeaf({ notBefore: seconds - 2, notAfter: seconds - 1 }),
  ],
  [
    "that is valid for too long",
    "FED-982",
    "invalidKeyPackage",
    withLeaf({ notAfter: leaf.notAfter + 1 }),
  ],
];

const withContext = (change: Partial<GroupContext>): GroupInfo => ({
  ...groupInfo,
  context: { ...context, ...change },
});

const withExtensions = (...extensions: readonly Extension[]): GroupInfo =>
  withContext({ extensions });

const refusedGroups: readonly Refused<GroupInfo>[] = [
  ["of another suite", "FED-980", "invalidCommit", withContext({ ciphersuite: 3 })],
  ["whose id is no group URI", "FED-985", "malformed", withContext({ groupId: room })],
  [
    "without a dictionary",
    "FED-986",
    "invalidCommit",
    withExtensions(senders(hubDomain), requiredCapabilities),
  ],
  [
    "with its extensions in another order",
    "FED-986",
    "invalidCommit",
    withExtensions(requiredCapabilities, senders(hubDomain), dictionary),
  ],
  [
    "with an extension more",
    "FED-986",
    "invalidCommit",
    withExtensions(...context.extensions, { type: 0xf00f, data: octets(4) }),
  ],
  [
    "that requires other capabilities",
    "FED-986",
    "invalidCommit",
    withExtensions(
      senders(hubDomain),
      {
        ...requiredCapabilities,
        data: requiredCapabilitiesCodec.encode({
          extensions: [DICTIONARY],
          proposals: [],
          credentials: [BASIC],
        }),
      },
      dictionary,
    ),
  ],
  [
    "with two external senders",
    "FED-986",
    "invalidCommit",
    withExtensions(senders(hubDomain, "b.example"), requiredCapabilities, dictionary),
  ],
  [
    "without an external sender",
    "FED-986",
    "invalidCommit",
    withExtensions(senders(), requiredCapabilities, dictionary),
  ],
  [
    "whose external sender is no domain",
    "FED-986",
    "malformed",
    withExtensions(senders("mimi://a.example"), requiredCapabilities, dictionary),
  ],
  [
    "whose state is malformed",
    "FED-701",
    "invalidCommit",
    withExtensions(senders(hubDomain), requiredCapabilities, {
      type: DICTIONARY,
      data: Uint8Array.of(0),
    }),
  ],
  [
    "whose GroupInfo has no external_pub",
    "FED-990",
    "invalidCommit",
    { ...groupInfo, extensions: [] },
  ],
  [
    "whose GroupInfo has an extension more",
    "FED-990",
    "invalidCommit",
    {
      ...groupInfo,
      extensions: [...groupInfo.extensions, { type: 0xf002, data: octets(33, 1) }],
    },
  ],
  [
    "whose GroupInfo another one has signed",
    "FED-990",
    "invalidCommit",
    { ...groupInfo, signer: signingKeys.server },
  ],
  ["of another tree", "FED-240", "invalidCommit", withContext({ treeHash: octets(32) })],
];

/** The vectors of page 13: objects of MLS that servers and clients take, and that they refuse. */
export function mlsVectors() {
  const good = [
    ["ordinary", keyPackage],
    ["last resort", lastResort],
  ] as const;
  return {
    at: time,
    keyPackages: good.map(([name, value]) => {
      const encoded = encodeKeyPackage(value);
      return {
        name,
        client: value.leaf.identity,
        lastResort: value === lastResort,
        ref: toHex(keyPackageRef(encoded)),
        hex: toHex(encoded),
      };
    }),
    refusedKeyPackages: refusedKeyPackages.map(([name, rule, code, value]) => ({
      name,
      rule,
      code,
      hex: toHex(encodeKeyPackage(value)),
    })),
    groups: [
      {
        name: "as it is founded",
        group: context.groupId,
        hub: hubDomain,
        hubKey: toHex(signingKeys.hub.publicKey),
        treeHash: toHex(context.treeHash),
        ...foundingOf(groupInfo),
      },
    ],
    refusedGroups: refusedGroups.map(([name, rule, code, value]) => ({
      name,
      rule,
      code,
      ...foundingOf(value),
    })),
    leafCapabilities: toHex(capabilitiesCodec.encode(capabilities)),
    requiredCapabilities: toHex(requiredCapabilities.data),
    metadata: metadataVectors(),
  };
}

function foundingOf(value: GroupInfo) {
  return {
    groupInfo: toHex(encodeGroupInfo(value)),
    ratchetTree: toHex(treeOfOne(leafOctets)),
  };
}
