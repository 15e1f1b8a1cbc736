import type { HandshakeRule } from "@treehouse/protocol";

import type { LibraryRules } from "../wire/index.ts";

// The library says in words what it refuses. Each of these is a rule that it checks for us; what we
// check ourselves before has no row. The matrix of test/rules fails when the words change.

const keys: readonly (readonly [string, HandshakeRule])[] = [
  ["hpke keys not unique", "encryptionKeyTwice"],
  ["signature keys not unique", "signatureKeyTwice"],
  ["Could not verify leaf node signature", "leafSignature"],
];

const sameClient = "Commit cannot contain an Add proposal for someone already in the group";
const sameClientTwice =
  "Commit cannot contain multiple Add proposals that contain KeyPackages that represent the same client";

/** For the list of proposals. */
export const PROPOSAL_RULES: LibraryRules = {
  other: "externalInitOutput",
  byWords: new Map<string, HandshakeRule>([
    ...keys,
    ["Invalid keypackage signature", "keyPackageSignature"],
    [sameClient, "clientTwice"],
    [sameClientTwice, "clientTwice"],
  ]),
};

const knownKey = "Public keys in the UpdatePath may not appear in a node of the new ratchet tree";

/** For a path. */
export const PATH_RULES: LibraryRules = {
  other: "pathLength",
  byWords: new Map<string, HandshakeRule>([
    ...keys,
    ["Public keys in the UpdatePath must differ from one another", "pathKeyTwice"],
    [knownKey, "pathKeyKnown"],
    ["Wrong number of ciphertexts in the UpdatePath", "pathCiphertextCount"],
    ["Parent hash did not match the UpdatePath", "pathParentHash"],
  ]),
};

const outOfOrder = "unmerged_leaves must be in increasing order";
const notBelow = "Unmerged leaf did not represent a non-blank descendant leaf node";
const notBetween = "non-blank intermediate node must list leaf node in its unmerged_leaves";

const tree: readonly (readonly [string, HandshakeRule])[] = [
  ...keys,
  [outOfOrder, "unmergedLeaves"],
  [notBelow, "unmergedLeaves"],
  [notBetween, "unmergedBetween"],
  ["HPKE public key is not usable", "parentKeyUnusable"],
  ["Unable to verify parent hash", "parentHash"],
  ["Reached root before completing parent hash coverage", "parentHash"],
  ["Unable to verify tree hash", "treeHash"],
];

/** For a whole tree, and for joining with it. */
export const TREE_RULES: LibraryRules = {
  other: "treeShape",
  byWords: new Map<string, HandshakeRule>([
    ...tree,
    ["Could not verify groupInfo signature", "groupInfoSignature"],
    ["Could not verify groupInfo Signature", "groupInfoSignature"],
    ["Could not find own leaf when processing welcome", "welcomeOwnLeaf"],
    ["Could not verify confirmation tag", "confirmationTag"],
    ["Public key in the tree does not belong to the path secret", "pathSecret"],
  ]),
};

/** For what needs the group's secrets. */
export const SECRET_RULES: LibraryRules = {
  other: "pathSecret",
  byWords: new Map<string, HandshakeRule>([
    ["Could not verify membership", "membershipTag"],
    ["Could not verify confirmation tag", "confirmationTag"],
  ]),
};
