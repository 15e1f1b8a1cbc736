import type { Bytes, ClientUri } from "@treehouse/protocol";
import { copyBytes, equalBytes, Refusal } from "@treehouse/protocol";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { ApplyProposalsResult } from "ts-mls/clientState.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import { applyProposals, nextEpochContext } from "ts-mls/clientState.js";
import { treeHashRoot } from "ts-mls/treeHash.js";
import { toLeafIndex } from "ts-mls/treemath.js";

import type { MlsCrypto } from "../crypto/index.ts";
import { toTsMls, toTsMlsWith } from "../crypto/index.ts";
import { leafAt, readLeaf } from "../tree/index.ts";
import { broken, decodeUntrusted, handshakeKind, refuseOn } from "../wire/index.ts";
import { applyPath, checkPathForm } from "./apply-path.ts";
import { checkKeyPackageForm } from "./check-key-package.ts";
import { checkLeaves } from "./check-leaves.ts";
import { checkStateChange } from "./check-state-change.ts";
import { PROPOSAL_RULES } from "./library-rules.ts";
import type { PublicState } from "./public-state.ts";
import { standIn } from "./public-state.ts";
import type { CommitView } from "./read-commit.ts";
import { readCommit, removedLeaves } from "./read-commit.ts";
import { checkSignature } from "./read-handshake.ts";
import { verifyAddsAhead } from "./verify-ahead.ts";

type Place = { leaf: number; client: ClientUri };

type Newcomer = Place & { rulesKnown: number };

export type CommitEffect = {
  next: PublicState;
  message: PublicMessage;
  committer: Place;
  external: boolean;
  /** Ascending in the order of the proposals; a client that comes by external commit is listed. */
  added: readonly (Newcomer & { keyPackage: KeyPackage | undefined })[];
  /** The clients that stood there before: one of them may stand in `added` again. */
  removed: readonly Place[];
  stateChanged: boolean;
  authenticatedData: Bytes;
};

/**
 * Judges a commit and works out the public group after it. What cannot be judged without secrets
 * is the confirmation tag, the membership tag and the content of HPKE ciphertexts.
 * `at` is the hub's acceptance time. Refusals: malformed, tooLarge, wrongEpoch, invalidCommit,
 * identityInvalid, removalPending, limitExceeded.
 */
export async function applyCommit(
  crypto: MlsCrypto,
  before: PublicState,
  bytes: Uint8Array,
  at: number,
): Promise<CommitEffect> {
  const cs = toTsMls(crypto);
  const message = decodeUntrusted(handshakeKind, bytes);
  const view = readCommit(before, message);
  checkPending(before, view);
  checkNewLeaves(crypto, before, view, at);
  await checkSignature(cs, before, message, "invalidCommit");

  const extended = checkStateChange(crypto, before.groupContext, view.proposals, at);

  const { commit } = view.content;
  const sender = view.committerLeaf === undefined ? undefined : toLeafIndex(view.committerLeaf);
  const psks = { findPsk: () => undefined };
  const packages = view.proposals.flatMap((one) => ("add" in one ? [one.add.keyPackage] : []));
  const verify = await verifyAddsAhead(crypto, packages);
  const applied = await refuseOn(
    "invalidCommit",
    () =>
      applyProposals(
        standIn(before, at),
        commit.proposals,
        sender,
        psks,
        false,
        toTsMlsWith(crypto, verify),
      ),
    PROPOSAL_RULES,
  );
  if (applied.needsUpdatePath && commit.path === undefined) {
    throw broken("pathMissing");
  }
  const { tree, committerLeaf } = await applyPath(crypto, view, applied, extended, at);
  const added = addedPlaces(tree, applied, committerLeaf);
  // A joiner's leaf is both.
  const changed = new Set([
    ...added.map(({ leaf }) => leaf),
    ...(commit.path ? [committerLeaf] : []),
  ]);
  checkLeaves(
    { verify },
    { before: before.ratchetTree, after: tree, changed: [...changed], view, at },
  );

  const next = await nextContext(cs.hash, before, view, extended, tree);
  const external = view.committerLeaf === undefined;
  const committerTree = external ? tree : before.ratchetTree;
  return {
    next: {
      groupContext: next,
      ratchetTree: tree,
      confirmationTag: view.confirmationTag,
      proposals: [],
    },
    message,
    committer: placeOf(committerTree, committerLeaf),
    external,
    added,
    removed: removedLeaves(view.proposals).map((leaf) => placeOf(before.ratchetTree, leaf)),
    stateChanged: stateOf(before.groupContext, extended),
    authenticatedData: copyBytes(view.content.authenticatedData),
  };
}

/** A member's commit removes every proposed leaf; an external one cannot carry the proposals. */
function checkPending(before: PublicState, view: CommitView): void {
  if (view.committerLeaf === undefined) return;
  const removed = new Set(removedLeaves(view.proposals));
  const leaves = before.proposals
    .map(({ removes }) => removes)
    .filter((leaf) => !removed.has(leaf));
  if (leaves.length > 0) {
    throw broken("removalLeft", "removalPending", { leaves });
  }
}

/** KeyPackages, external_init and path, as far as they can be judged before any signature. */
function checkNewLeaves(
  crypto: MlsCrypto,
  before: PublicState,
  view: CommitView,
  at: number,
): void {
  for (const proposal of view.proposals) {
    if ("add" in proposal) {
      checkKeyPackageForm(crypto, proposal.add.keyPackage, at, "invalidCommit");
    }
    if ("externalInit" in proposal && !crypto.isHpkePublicKey(proposal.externalInit.kemOutput)) {
      throw broken("externalInitOutput");
    }
  }
  checkPathForm(crypto, before, view);
}

async function nextContext(
  hash: Parameters<typeof nextEpochContext>[6],
  before: PublicState,
  view: CommitView,
  extended: GroupContext,
  tree: RatchetTree,
): Promise<GroupContext> {
  return nextEpochContext(
    extended,
    "mls_public_message",
    view.content,
    view.signature,
    await treeHashRoot(tree, hash),
    before.confirmationTag,
    hash,
  );
}

function addedPlaces(
  tree: RatchetTree,
  applied: ApplyProposalsResult,
  committerLeaf: number,
): CommitEffect["added"] {
  const { additionalResult } = applied;
  if (additionalResult.kind === "memberCommit") {
    return additionalResult.addedLeafNodes.map(([leaf, keyPackage]) => ({
      ...newcomerAt(tree, leaf),
      keyPackage,
    }));
  }
  return [{ ...newcomerAt(tree, committerLeaf), keyPackage: undefined }];
}

function placeOf(tree: RatchetTree, leaf: number): Place {
  const { client } = newcomerAt(tree, leaf);
  return { leaf, client };
}

function newcomerAt(tree: RatchetTree, leaf: number): Newcomer {
  const node = leafAt(tree, leaf);
  if (node === undefined) throw new Refusal("invalidCommit", "a leaf is blank");
  const { client, rulesKnown } = readLeaf(node);
  return { leaf, client, rulesKnown };
}

function stateOf(before: GroupContext, after: GroupContext): boolean {
  return before.extensions.some((extension, index) => {
    const other = after.extensions[index];
    return other === undefined || !equalBytes(extension.extensionData, other.extensionData);
  });
}
