import type { Bytes, HandshakeRule, LeafIdentity, RefusalCode } from "@treehouse/protocol";
import {
  LEAF_IDENTITY_EXTENSION,
  leafIdentityCodec,
  RULES_KNOWN_EXTENSION,
  utf8Encode,
} from "@treehouse/protocol";
import type { Extension } from "ts-mls/extension.js";
import type { LeafNode } from "ts-mls/leafNode.js";

import { DICTIONARY_EXTENSION } from "../../src/profile/index.ts";
import type { User } from "../world/people.ts";
import type { Newcomer } from "../world/room.ts";
import type { Lab } from "./lab.ts";

const DAY = 24 * 60 * 60 * 1000;

/** What all leaves have, wherever they come from. */
export type LeafPart = Partial<
  Pick<
    LeafNode,
    "hpkePublicKey" | "signaturePublicKey" | "credential" | "capabilities" | "extensions"
  >
>;

/** A leaf that breaks one rule, wherever it stands: in a KeyPackage, in a path, in a tree. */
export type LeafRow = {
  readonly rule: HandshakeRule;
  readonly name: string;
  readonly code?: RefusalCode;
  change<L extends LeafNode>(leaf: L, lab: Lab, owner: Newcomer): L;
};

/** Points of small order, and one that is no canonical encoding. */
const unusableSignatureKeys: readonly (readonly [string, Bytes])[] = [
  ["the identity point", octet(0, 1)],
  ["a point of order 2", new Uint8Array(32).fill(255).with(0, 236).with(31, 127)],
  ["a point of order 4", new Uint8Array(32)],
  ["one that is not canonical", new Uint8Array(32).fill(255).with(31, 127)],
  ["one of 31 octets", new Uint8Array(31).fill(7)],
  ["none", new Uint8Array()],
];

const unusableEncryptionKeys: readonly (readonly [string, Bytes])[] = [
  ["zero", new Uint8Array(32)],
  ["one", octet(0, 1)],
  ["one of 31 octets", new Uint8Array(31).fill(7)],
  ["one of 33 octets", new Uint8Array(33).fill(7)],
  ["none", new Uint8Array()],
];

function octet(at: number, value: number): Bytes {
  const bytes = new Uint8Array(32);
  bytes[at] = value;
  return bytes;
}

function withCapabilities(
  leaf: LeafNode,
  change: Partial<LeafNode["capabilities"]>,
): Pick<LeafNode, "capabilities"> {
  return { capabilities: { ...leaf.capabilities, ...change } };
}

function withoutType({ capabilities }: LeafNode, type: number): readonly number[] {
  return capabilities.extensions.filter((one) => one !== type);
}

const extension = (extensionType: Extension["extensionType"]): Extension => ({
  extensionType,
  extensionData: new Uint8Array(),
});

/** FED-981 and RFC 9420 §7.3: what a leaf says of itself. */
export const leafRows: readonly LeafRow[] = [
  row("leafCredential", "an X.509 credential", () => ({
    credential: { credentialType: "x509", certificates: [new Uint8Array(1)] },
  })),
  row("leafVersions", "no version", (leaf) => withCapabilities(leaf, { versions: [] })),
  row("leafSuites", "no suite", (leaf) => withCapabilities(leaf, { ciphersuites: [] })),
  row("leafSuites", "another suite alone", (leaf) =>
    withCapabilities(leaf, {
      ciphersuites: ["MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519"],
    }),
  ),
  row("leafCredentials", "no credential", (leaf) => withCapabilities(leaf, { credentials: [] })),
  row("leafCredentials", "X.509 alone", (leaf) =>
    withCapabilities(leaf, { credentials: ["x509"] }),
  ),
  row("leafExtensions", "none", (leaf) => withCapabilities(leaf, { extensions: [] })),
  row("leafExtensions", "all but the dictionary", (leaf) =>
    withCapabilities(leaf, { extensions: [...withoutType(leaf, DICTIONARY_EXTENSION)] }),
  ),
  row("leafExtensions", "all but the identity", (leaf) =>
    withCapabilities(leaf, { extensions: [...withoutType(leaf, LEAF_IDENTITY_EXTENSION)] }),
  ),
  row("leafExtensionUnlisted", "a private extension", (leaf) => ({
    extensions: [...leaf.extensions, extension(0xf123)],
  })),
  row("leafExtensionTwice", "a listed extension twice", (leaf) => ({
    ...withCapabilities(leaf, { extensions: [...leaf.capabilities.extensions, 0xf123] }),
    extensions: [...leaf.extensions, extension(0xf123), extension(0xf123)],
  })),
  row("leafExtensionTwice", "application_id twice", (leaf) => ({
    extensions: [...leaf.extensions, extension("application_id"), extension("application_id")],
  })),
  row("leafRulesKnown", "three octets", (leaf) => ({
    extensions: [...others(leaf, RULES_KNOWN_EXTENSION), said(RULES_KNOWN_EXTENSION, 3)],
  })),
  row("leafRulesKnown", "nothing", (leaf) => ({
    extensions: [...others(leaf, RULES_KNOWN_EXTENSION), said(RULES_KNOWN_EXTENSION, 0)],
  })),
  row(
    "leafCapabilityCount",
    "65 extensions",
    (leaf) =>
      withCapabilities(leaf, {
        extensions: [...leaf.capabilities.extensions, ...range(65 - 3, 0xf200)],
      }),
    "limitExceeded",
  ),
  row(
    "leafCapabilityCount",
    "65 proposals",
    (leaf) => withCapabilities(leaf, { proposals: [...range(65, 0xf200)] }),
    "limitExceeded",
  ),
  ...unusableSignatureKeys.map(([name, signaturePublicKey]) =>
    row("leafSignatureKey", name, () => ({ signaturePublicKey })),
  ),
  ...unusableEncryptionKeys.map(([name, hpkePublicKey]) =>
    row("leafEncryptionKey", name, () => ({ hpkePublicKey })),
  ),
];

function range(length: number, from: number): readonly number[] {
  return Array.from({ length }, (_, index) => from + index);
}

/** FED-305: who a leaf says it is. */
export const identityRows: readonly LeafRow[] = [
  credentialRow("no URI", utf8Encode("alice")),
  credentialRow("a user's URI", utf8Encode("mimi://people.example/u/dora")),
  credentialRow("octets that are no UTF-8", new Uint8Array([0xff, 0xfe])),
  credentialRow("none", new Uint8Array()),
  identityRow("identityCount", "none", (leaf) => others(leaf)),
  identityRow("identityCount", "twice", (leaf) => [
    ...leaf.extensions,
    ...leaf.extensions.filter((one) => !others(leaf).includes(one)),
  ]),
  identityRow("identityForm", "nothing at all", (leaf) => [
    ...others(leaf),
    extension(LEAF_IDENTITY_EXTENSION),
  ]),
  identityRow("identityForm", "an octet too many", (leaf) =>
    leaf.extensions.map((one) =>
      one.extensionType === LEAF_IDENTITY_EXTENSION
        ? { ...one, extensionData: new Uint8Array([...one.extensionData, 0]) }
        : one,
    ),
  ),
  saying("identityClient", "another client of the user", ({ world }, { user, identity }) => {
    const { client } = world.client(user);
    return world.leafIdentity(user, { ...identity, client });
  }),
  saying("identityUser", "a certificate of another user", (lab, { user, identity }) => ({
    ...lab.world.leafIdentity(user, identity),
    certificate: lab.world.leafIdentity(lab.newcomers.gina.user, identity).certificate,
  })),
  saying("identityNumbers", "an attestation by the next number", ({ world }, owner) => {
    const later = { ...owner.user, number: owner.user.number + 1 };
    const { attestation } = world.leafIdentity(later, owner.identity);
    return { ...world.leafIdentity(owner.user, owner.identity), attestation };
  }),
  saying("identityKey", "of another signature key", ({ world }, { user, identity }) => {
    const signaturePublicKey = world.crypto.generateSignatureKeyPair().publicKey;
    return world.leafIdentity(user, { ...identity, signaturePublicKey });
  }),
  saying("identityEarly", "from tomorrow", ({ world }, { user, identity }) => {
    world.advance(DAY);
    const made = world.leafIdentity(user, identity);
    world.advance(-DAY);
    return made;
  }),
  saying("identityExpired", "until now", ({ world }, { user, identity }) =>
    world.leafIdentity(user, identity, { expiresAt: world.context.now() }),
  ),
  saying("identityCertificate", "signed by another identity key", ({ world }, owner) => {
    const { privateKey } = world.crypto.generateSignatureKeyPair();
    const { user, identity } = owner;
    return world.leafIdentity({ ...user, identity: { ...user.identity, privateKey } }, identity);
  }),
  saying("identityAttestation", "signed by another device-signing key", ({ world }, owner) => {
    const { privateKey } = world.crypto.generateSignatureKeyPair();
    const { user, identity } = owner;
    return world.leafIdentity({ ...user, device: { ...user.device, privateKey } }, identity);
  }),
];

/** FED-306, FED-307: the leaves of one user, of which there are others in the room. */
export const userRows: readonly LeafRow[] = [
  saying("identityKeysDiffer", "another identity key", ({ world }, { user, identity }) =>
    world.leafIdentity(withNewIdentity(world, user), identity),
  ),
  saying("identityReplaced", "by the device-signing key before", ({ world }, owner) =>
    world.leafIdentity({ ...owner.user, number: owner.user.number - 1 }, owner.identity),
  ),
];

/** A user's last leaf, replaced by an external commit. */
export const comebackRows: readonly LeafRow[] = [
  saying("identityKeyChanged", "another identity key", ({ world }, { user, identity }) =>
    world.leafIdentity(withNewIdentity(world, user), identity),
  ),
];

function withNewIdentity(world: Lab["world"], user: User): User {
  return { ...user, identity: world.crypto.generateSignatureKeyPair() };
}

function others(leaf: LeafNode, but: number = LEAF_IDENTITY_EXTENSION): Extension[] {
  return leaf.extensions.filter((one) => one.extensionType !== but);
}

function said(extensionType: number, length: number): Extension {
  return { extensionType, extensionData: new Uint8Array(length) };
}

function row(
  rule: HandshakeRule,
  name: string,
  change: (leaf: LeafNode, lab: Lab, owner: Newcomer) => LeafPart,
  code?: RefusalCode,
): LeafRow {
  return {
    rule,
    name,
    ...(code === undefined ? {} : { code }),
    change: (leaf, lab, owner) => ({ ...leaf, ...change(leaf, lab, owner) }),
  };
}

function credentialRow(name: string, identity: Uint8Array): LeafRow {
  const credential = { credentialType: "basic" as const, identity };
  return row("identityCredential", name, () => ({ credential }), "identityInvalid");
}

function identityRow(
  rule: HandshakeRule,
  name: string,
  change: (leaf: LeafNode) => Extension[],
): LeafRow {
  return row(rule, name, (leaf) => ({ extensions: change(leaf) }), "identityInvalid");
}

function saying(
  rule: HandshakeRule,
  name: string,
  identity: (lab: Lab, owner: Newcomer) => LeafIdentity,
): LeafRow {
  return row(
    rule,
    name,
    (leaf, lab, owner) => {
      const extensionData = leafIdentityCodec.encode(identity(lab, owner));
      const extensionType = LEAF_IDENTITY_EXTENSION;
      return { extensions: [...others(leaf), { extensionType, extensionData }] };
    },
    "identityInvalid",
  );
}
