import type { HandshakeRule, RefusalCode } from "@treehouse/protocol";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { signKeyPackage } from "ts-mls/keyPackage.js";
import type { LeafNode } from "ts-mls/leafNode.js";

import { LAST_RESORT_EXTENSION } from "../../src/profile/index.ts";
import { leafAt } from "../../src/tree/index.ts";
import type { Newcomer } from "../world/room.ts";
import type { CommitRow } from "./commit-rows.ts";
import type { Draft } from "./draft.ts";
import { changedKeyPackage, keyPackagesOf, withKeyPackage } from "./draft.ts";
import type { BaseName, Lab } from "./lab.ts";
import type { LeafPart, LeafRow } from "./leaves.ts";
import { identityRows, leafRows, userRows } from "./leaves.ts";

/** A KeyPackage that breaks one rule, at an upload as in a commit. */
export type KeyPackageRow = {
  readonly rule: HandshakeRule;
  readonly name: string;
  readonly from: BaseName;
  readonly code?: RefusalCode;
  /** Only in a group: alone, such a KeyPackage is like any other. */
  readonly inGroup?: true;
  make(keyPackage: KeyPackage, lab: Lab, owner: Newcomer): Promise<KeyPackage>;
};

type Change = (keyPackage: KeyPackage, lab: Lab) => KeyPackage;

function row(rule: HandshakeRule, name: string, change: Change): KeyPackageRow {
  return {
    rule,
    name,
    from: "add",
    make: (keyPackage, lab, owner) =>
      changedKeyPackage(lab, keyPackage, owner, (one) => change(one, lab)),
  };
}

function ofLeaf(from: BaseName, leafRow: LeafRow, inGroup?: true): KeyPackageRow {
  const { rule, name, code } = leafRow;
  return {
    rule,
    name,
    from,
    ...(code === undefined ? {} : { code }),
    ...(inGroup === undefined ? {} : { inGroup }),
    make: (keyPackage, lab, owner) =>
      changedKeyPackage(lab, keyPackage, owner, (one) => ({
        ...one,
        leafNode: leafRow.change(one.leafNode, lab, owner),
      })),
  };
}

const seconds = (ms: number) => BigInt(Math.floor(ms / 1000));
const day = 86_400n;

function lifetime(
  rule: HandshakeRule,
  name: string,
  times: (now: bigint) => readonly [bigint, bigint],
): KeyPackageRow {
  return row(rule, name, (one, { at }) => {
    const [notBefore, notAfter] = times(seconds(at));
    const { leafNode } = one;
    if (leafNode.leafNodeSource !== "key_package") throw new Error("Not a KeyPackage's leaf.");
    return { ...one, leafNode: { ...leafNode, lifetime: { notBefore, notAfter } } };
  });
}

function withLeaf(change: (lab: Lab) => LeafPart): Change {
  return (one, lab) => ({ ...one, leafNode: { ...one.leafNode, ...change(lab) } });
}

function roomLeaf({ base }: Pick<Draft, "base">, leaf: number): LeafNode {
  const found = leafAt(base.state.ratchetTree, leaf);
  if (found === undefined) throw new Error("The leaf is blank.");
  return found;
}

const mark = (extensionData: Uint8Array) => ({
  extensionType: LAST_RESORT_EXTENSION,
  extensionData,
});

export const keyPackageRows: readonly KeyPackageRow[] = [
  row("keyPackageSuite", "suite 3", (one) => ({
    ...one,
    cipherSuite: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519",
  })),
  row("keyPackageSuite", "a suite with malleable signatures", (one) => ({
    ...one,
    cipherSuite: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256",
  })),
  row("keyPackageExtensionTwice", "last_resort twice", (one) => ({
    ...one,
    extensions: [mark(new Uint8Array()), mark(new Uint8Array())],
  })),
  row("lastResortContent", "an octet", (one) => ({
    ...one,
    extensions: [mark(new Uint8Array(1))],
  })),
  row("initKeyTwice", "the encryption key", (one) => ({
    ...one,
    initKey: one.leafNode.hpkePublicKey,
  })),
  row("initKeyUnusable", "zero", (one) => ({ ...one, initKey: new Uint8Array(32) })),
  row("initKeyUnusable", "one of 31 octets", (one) => ({
    ...one,
    initKey: new Uint8Array(31).fill(7),
  })),
  row("initKeyUnusable", "none", (one) => ({ ...one, initKey: new Uint8Array() })),
  lifetime("lifetimeEarly", "from in ten seconds on", (now) => [now + 10n, now + day]),
  lifetime("lifetimeOver", "until ten seconds ago", (now) => [now - day, now - 10n]),
  lifetime("lifetimeOver", "an end before its beginning", (now) => [now, now - 1n]),
  lifetime("lifetimeLong", "of 91 days", (now) => [now - day, now + 90n * day]),
  lifetime("lifetimeLong", "since 1970", (now) => [0n, now + day]),
  lifetime("lifetimeRange", "to 2^63 - 1", () => [0n, 2n ** 63n - 1n]),
  lifetime("lifetimeRange", "to 2^64 - 1", () => [0n, 2n ** 64n - 1n]),
  {
    rule: "leafSignature",
    name: "of another leaf",
    from: "add",
    async make(keyPackage, lab, owner) {
      const other = await changedKeyPackage(lab, keyPackage, owner, (one) => ({
        ...one,
        leafNode: {
          ...one.leafNode,
          hpkePublicKey: lab.world.crypto.hpkeGenerateKeyPair().publicKey,
        },
      }));
      const { signature } = other.leafNode;
      // Signed again as a whole, so that the leaf's signature alone is wrong.
      return signedAround(
        lab,
        { ...keyPackage, leafNode: { ...keyPackage.leafNode, signature } },
        owner,
      );
    },
  },
  {
    rule: "keyPackageSignature",
    name: "of another init key",
    from: "add",
    make: async (keyPackage, { world }) => ({
      ...keyPackage,
      initKey: world.crypto.hpkeGenerateKeyPair().publicKey,
    }),
  },
  {
    rule: "keyPackageSignature",
    name: "of no octets",
    from: "add",
    make: async (keyPackage) => ({ ...keyPackage, signature: new Uint8Array() }),
  },
  ...leafRows.map((leafRow) => ofLeaf("add", leafRow)),
  ...identityRows.map((leafRow) => ofLeaf("add", leafRow)),
  ...userRows.map((leafRow) => ofLeaf("addOwn", leafRow, true)),
  besideMembers("encryptionKeyTwice", "a member's", (_, lab) => ({
    hpkePublicKey: roomLeaf({ base: lab.base("add") }, 1).hpkePublicKey,
  })),
  besideMembers("encryptionKeyTwice", "a parent's", (_, lab) => {
    const { ratchetTree } = lab.base("add").state;
    const parent = ratchetTree.find((node) => node?.nodeType === "parent");
    if (parent?.nodeType !== "parent") throw new Error("There is no parent.");
    return { hpkePublicKey: parent.parent.hpkePublicKey };
  }),
];

function besideMembers(
  rule: HandshakeRule,
  name: string,
  change: (keyPackage: KeyPackage, lab: Lab) => LeafPart,
): KeyPackageRow {
  const made = row(rule, name, (one, lab) => withLeaf(() => change(one, lab))(one, lab));
  return { ...made, inGroup: true };
}

async function signedAround(
  { cs }: Lab,
  keyPackage: KeyPackage,
  { identity }: Newcomer,
): Promise<KeyPackage> {
  return signKeyPackage(keyPackage, identity.signaturePrivateKey, cs.signature);
}

/** Each of them added by a member. */
export const additionRows: readonly CommitRow[] = [
  ...keyPackageRows.map(({ rule, name, from, code, make }): CommitRow => ({
    rule,
    name: `KeyPackage: ${name}`,
    from,
    ...(code === undefined ? {} : { code }),
    make: async (draft, lab) => withKeyPackage(draft, await changedAdd(draft, lab, make)),
  })),
  twins("encryptionKeyTwice", "two that share a key", (first) => ({
    hpkePublicKey: first.leafNode.hpkePublicKey,
  })),
];

function twins(
  rule: HandshakeRule,
  name: string,
  change: (first: KeyPackage) => LeafPart,
): CommitRow {
  return {
    rule,
    name: `KeyPackage: ${name}`,
    from: "addTwo",
    make: async (draft, lab) => {
      const [first, second] = keyPackagesOf(draft);
      if (first === undefined || second === undefined) throw new Error("Two are added.");
      const twin = await changedKeyPackage(lab, first, lab.newcomers.dora, (one) => ({
        ...one,
        leafNode: { ...one.leafNode, ...change(second) },
      }));
      return withKeyPackage(draft, twin);
    },
  };
}

export function ownerOf({ newcomers, aliceThree }: Lab, from: BaseName): Newcomer {
  return from === "addOwn" ? aliceThree : newcomers.dora;
}

async function changedAdd(
  draft: Draft,
  lab: Lab,
  make: KeyPackageRow["make"],
): Promise<KeyPackage> {
  const [keyPackage] = keyPackagesOf(draft);
  if (keyPackage === undefined) throw new Error("There is no Add.");
  const from = draft.base === lab.base("addOwn") ? "addOwn" : "add";
  return make(keyPackage, lab, ownerOf(lab, from));
}
