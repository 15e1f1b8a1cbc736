import type { Bytes } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { GenerationSecret, SecretTree } from "ts-mls/secretTree.js";

import { decodeTreeNode } from "../tree/index.ts";
import { decodeUntrusted, groupContextKind } from "../wire/index.ts";
import { optionalNodeCodec, pastCodec, senderCodec } from "./row-codecs.ts";
import { ROW } from "./row-names.ts";

type RowMap = ReadonlyMap<string, Bytes>;

/** The secret trees of the current and the past epochs, as far as they were not used up. */
export function restoreSecretTrees(
  rows: RowMap,
  current: bigint,
  currentWidth: number,
): ReadonlyMap<bigint, SecretTree> {
  const trees = new Map<bigint, SecretTree>();
  const treeOf = (epoch: bigint): SecretTree => {
    const known = trees.get(epoch);
    if (known !== undefined) return known;
    const past = rows.get(ROW.past(epoch));
    const width = epoch === current ? currentWidth : past && pastCodec.decode(past).width;
    if (width === undefined) throw new Refusal("malformed", "a past epoch is not complete");
    const tree: SecretTree = { width, inner: {}, leaves: {} };
    trees.set(epoch, tree);
    return tree;
  };
  treeOf(current);
  for (const [name, value] of rows) {
    const [kind, epoch, part, node, ratchet, generation] = name.split("/");
    if (kind !== "epoch" || epoch === undefined) continue;
    const tree = treeOf(BigInt(epoch));
    if (part === "inner") tree.inner[Number(node)] = value;
    if (part === "sender") addSender(tree, Number(node), value);
    if (part === "skipped") addSkipped(tree, Number(node), ratchet, Number(generation), value);
  }
  return trees;
}

function addSender(tree: SecretTree, node: number, value: Bytes): void {
  const { handshake, application } = senderCodec.decode(value);
  const known = tree.leaves[node];
  const skipped = (ratchet: GenerationSecret | undefined) => ratchet?.unusedGenerations ?? {};
  tree.leaves[node] = {
    handshake: { ...handshake, unusedGenerations: skipped(known?.handshake) },
    application: { ...application, unusedGenerations: skipped(known?.application) },
  };
}

/** Rows come in any order, so a ratchet may have to wait for its row. */
function addSkipped(
  tree: SecretTree,
  node: number,
  ratchet: string | undefined,
  generation: number,
  value: Bytes,
): void {
  const empty = () => ({ secret: new Uint8Array(), generation: 0, unusedGenerations: {} });
  const sender = (tree.leaves[node] ??= { handshake: empty(), application: empty() });
  const own = ratchet === "handshake" ? sender.handshake : sender.application;
  own.unusedGenerations[generation] = value;
}

/**
 * The past epochs, newest first inside: each tree is the one after it with the leaves put back that
 * its last commit changed. Parents are not needed to read messages.
 */
export function restorePast(
  rows: RowMap,
  current: RatchetTree,
  secretTrees: ReadonlyMap<bigint, SecretTree>,
  epoch: bigint,
): Map<bigint, EpochReceiverData> {
  const past: [bigint, EpochReceiverData][] = [];
  let tree: RatchetTree = current;
  for (let at = epoch - 1n; at >= 0n; at--) {
    const stored = rows.get(ROW.past(at));
    if (stored === undefined) break;
    const { context, senderDataSecret, width } = pastCodec.decode(stored);
    const secretTree = secretTrees.get(at) ?? { width, inner: {}, leaves: {} };
    tree = treeBefore(rows, tree, at, width);
    const groupContext = decodeUntrusted(groupContextKind, context);
    const resumptionPsk = new Uint8Array();
    past.push([
      at,
      { secretTree, ratchetTree: tree, senderDataSecret, groupContext, resumptionPsk },
    ]);
  }
  return new Map(past.toReversed());
}

function treeBefore(rows: RowMap, next: RatchetTree, epoch: bigint, width: number): RatchetTree {
  const tree: RatchetTree = Array.from({ length: 2 * width - 1 });
  for (let leaf = 0; leaf < width; leaf++) {
    const was = rows.get(ROW.was(epoch, leaf));
    const node = was && optionalNodeCodec.decode(was);
    tree[2 * leaf] = was === undefined ? next[2 * leaf] : node && decodeTreeNode(node);
  }
  return tree;
}
