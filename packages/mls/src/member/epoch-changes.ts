import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import type { EpochReceiverData } from "ts-mls/epochReceiverData.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { GenerationSecret, SecretTree, SecretTreeNode } from "ts-mls/secretTree.js";

import { changedNodes, encodeTreeNode } from "../tree/index.ts";
import { optionalNodeCodec, pastCodec, senderCodec } from "./row-codecs.ts";
import { ROW } from "./row-names.ts";

interface Sink {
  set(name: string, value: Bytes): void;
  remove(name: string): void;
}

const nothing: SecretTree = { width: 0, inner: {}, leaves: {} };

/** Rows of the current and the past epochs: ratchets, and what is needed to read late messages. */
export function diffEpochs(
  rows: Sink,
  before: ClientState | undefined,
  after: ClientState | undefined,
): void {
  const from = secretTrees(before);
  const to = secretTrees(after);
  for (const [epoch, tree] of from) diffSecretTree(rows, epoch, tree, to.get(epoch) ?? nothing);
  for (const [epoch, tree] of to) {
    if (!from.has(epoch)) diffSecretTree(rows, epoch, nothing, tree);
  }
  const past = after?.historicalReceiverData;
  const known = before?.historicalReceiverData;
  for (const [epoch, data] of known ?? []) {
    if (!past?.has(epoch)) writePast(rows, epoch, data, successor(before, epoch), false);
  }
  for (const [epoch, data] of past ?? []) {
    if (!known?.has(epoch)) writePast(rows, epoch, data, successor(after, epoch), true);
  }
}

function secretTrees(state: ClientState | undefined): ReadonlyMap<bigint, SecretTree> {
  const trees = new Map<bigint, SecretTree>();
  if (state === undefined) return trees;
  for (const [epoch, { secretTree }] of state.historicalReceiverData) trees.set(epoch, secretTree);
  return trees.set(state.groupContext.epoch, state.secretTree);
}

/** The tree of the epoch after a past one. */
function successor(state: ClientState | undefined, epoch: bigint): RatchetTree {
  const next = state?.historicalReceiverData.get(epoch + 1n);
  return (next ?? state)?.ratchetTree ?? [];
}

/** Only leaves matter in a past epoch: they say who signed. What stayed is read from the next. */
function writePast(
  rows: Sink,
  epoch: bigint,
  data: EpochReceiverData,
  next: RatchetTree,
  keep: boolean,
): void {
  if (keep) {
    const past = {
      context: copyBytes(encodeGroupContext(data.groupContext)),
      senderDataSecret: copyBytes(data.senderDataSecret),
      width: data.secretTree.width,
    };
    rows.set(ROW.past(epoch), pastCodec.encode(past));
  } else {
    rows.remove(ROW.past(epoch));
  }
  for (const { index, node } of changedNodes(next, data.ratchetTree)) {
    if (index % 2 !== 0) continue;
    const name = ROW.was(epoch, index / 2);
    if (!keep) rows.remove(name);
    else rows.set(name, optionalNodeCodec.encode(node && encodeTreeNode(node)));
  }
}

function diffSecretTree(rows: Sink, epoch: bigint, before: SecretTree, after: SecretTree): void {
  if (before === after) return;
  diffRecord(before.inner, after.inner, (node, secret) => {
    const name = ROW.inner(epoch, node);
    if (secret === undefined) rows.remove(name);
    else rows.set(name, copyBytes(secret));
  });
  diffRecord(before.leaves, after.leaves, (node, sender) => {
    writeSender(rows, epoch, node, before.leaves[node], sender);
  });
}

function writeSender(
  rows: Sink,
  epoch: bigint,
  node: number,
  before: SecretTreeNode | undefined,
  after: SecretTreeNode | undefined,
): void {
  if (after === undefined) {
    rows.remove(ROW.sender(epoch, node));
  } else {
    const handshake = stored(after.handshake);
    const application = stored(after.application);
    rows.set(ROW.sender(epoch, node), senderCodec.encode({ handshake, application }));
  }
  for (const kind of ["handshake", "application"] as const) {
    const from = before?.[kind].unusedGenerations ?? {};
    diffRecord(from, after?.[kind].unusedGenerations ?? {}, (generation, key) => {
      const name = ROW.skipped(epoch, node, kind, generation);
      if (key === undefined) rows.remove(name);
      else rows.set(name, copyBytes(key));
    });
  }
}

function stored({ secret, generation }: GenerationSecret) {
  return { secret: copyBytes(secret), generation };
}

/** Calls for every key whose value is another object afterwards, or is gone. */
function diffRecord<T>(
  before: Readonly<Record<number, T>>,
  after: Readonly<Record<number, T>>,
  changed: (key: number, value: T | undefined) => void,
): void {
  if (before === after) return;
  for (const key of Object.keys(before).map(Number)) {
    if (after[key] === undefined) changed(key, undefined);
  }
  for (const key of Object.keys(after).map(Number)) {
    if (before[key] !== after[key]) changed(key, after[key]);
  }
}
