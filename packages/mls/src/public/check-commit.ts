import type { Bytes } from "@treehouse/protocol";
import { copyBytes, toHex } from "@treehouse/protocol";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";

import { toTsMls } from "../crypto/index.ts";
import { SUITE } from "../profile/index.ts";
import { changedNodes, encodeTreeNode } from "../tree/index.ts";
import type { CommitEffect } from "../validity/index.ts";
import { applyCommit, checkGroupInfo } from "../validity/index.ts";
import { broken, decodeUntrusted, welcomeKind } from "../wire/index.ts";
import type {
  CheckedCommit,
  CommitBundle,
  PublicChanges,
  PublicContext,
  ReplayedCommit,
  RosterEntry,
} from "./face.ts";
import type { Make, Tracked } from "./tracked.ts";

/** Judges an upload as a whole: commit, GroupInfo of the new epoch, and Welcome. */
export async function checkCommit(
  context: PublicContext,
  tracked: Tracked,
  bundle: CommitBundle,
  make: Make,
): Promise<CheckedCommit> {
  const { crypto } = context;
  const effect = await applyCommit(crypto, tracked.state, bundle.commit, bundle.at);
  await checkGroupInfo(crypto, effect.next, bundle.groupInfo, effect.committer.leaf);
  const checked = await checkedCommit(context, tracked, effect, copyBytes(bundle.groupInfo), make);
  return { ...checked, welcomeRefs: checkWelcome(bundle.welcome, checked.added) };
}

async function checkedCommit(
  context: PublicContext,
  tracked: Tracked,
  effect: CommitEffect,
  groupInfo: Bytes,
  make: Make,
): Promise<CheckedCommit> {
  const removed = new Set(effect.removed.map(({ leaf }) => leaf));
  const proposed = tracked.state.proposals.map(({ removes }) => removes);
  return {
    group: make({ state: effect.next, groupInfo }),
    committer: effect.committer,
    external: effect.external,
    added: await withRefs(context, effect),
    removed: effect.removed,
    proposedRemovalsDone: proposed.filter((leaf) => removed.has(leaf)),
    proposedRemovalsLeft: proposed.filter((leaf) => !removed.has(leaf)),
    welcomeRefs: [],
    stateChanged: effect.stateChanged,
    authenticatedData: effect.authenticatedData,
    changes: changesOf(tracked, effect, groupInfo),
  };
}

/**
 * Judges a commit that this server itself accepted once and has lost since. The GroupInfo of its
 * epoch is lost with it, unless `groupInfo` is given; without one the group's is of zero length.
 */
export async function replayCommit(
  context: PublicContext,
  tracked: Tracked,
  { commit, at, groupInfo }: ReplayedCommit,
  make: Make,
): Promise<CheckedCommit> {
  const effect = await applyCommit(context.crypto, tracked.state, commit, at);
  if (groupInfo !== undefined) {
    await checkGroupInfo(context.crypto, effect.next, groupInfo, undefined);
  }
  const kept = groupInfo === undefined ? new Uint8Array(0) : copyBytes(groupInfo);
  return checkedCommit(context, tracked, effect, kept, make);
}

function changesOf(tracked: Tracked, { next }: CommitEffect, groupInfo: Bytes): PublicChanges {
  const changes = changedNodes(tracked.state.ratchetTree, next.ratchetTree);
  return {
    nodes: changes.map(({ index, node }) => ({
      index,
      node: node === undefined ? undefined : encodeTreeNode(node),
    })),
    size: next.ratchetTree.length,
    groupContext: copyBytes(encodeGroupContext(next.groupContext)),
    confirmationTag: copyBytes(next.confirmationTag),
    groupInfo,
  };
}

async function withRefs(
  { crypto }: PublicContext,
  effect: CommitEffect,
): Promise<CheckedCommit["added"]> {
  const added: (RosterEntry & { keyPackageRef: Bytes | undefined })[] = [];
  for (const { keyPackage, ...place } of effect.added) {
    const ref = keyPackage && (await makeKeyPackageRef(keyPackage, toTsMls(crypto).hash));
    added.push({ ...place, keyPackageRef: ref && copyBytes(ref) });
  }
  return added;
}

/** A Welcome has one part for each client added by KeyPackage, and no other (T-26). */
function checkWelcome(bytes: Bytes | undefined, added: CheckedCommit["added"]): readonly Bytes[] {
  const expected = added.flatMap(({ keyPackageRef }) => keyPackageRef ?? []);
  if (bytes === undefined) {
    if (expected.length === 0) return [];
    throw broken("welcomeMissing");
  }
  const welcome = decodeUntrusted(welcomeKind, bytes);
  if (welcome.cipherSuite !== SUITE) throw broken("welcomeSuite");
  const refs = welcome.secrets.map(({ newMember }) => copyBytes(newMember));
  const wanted = new Set(expected.map((ref) => toHex(ref)));
  const given = new Set(refs.map((ref) => toHex(ref)));
  const complete = wanted.size === given.size && [...wanted].every((ref) => given.has(ref));
  if (!complete || refs.length !== expected.length || expected.length === 0) {
    throw broken("welcomeRecipients");
  }
  return refs;
}
