import type { Bytes } from "@treehouse/protocol";
import { copyBytes, toHex } from "@treehouse/protocol";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { encodeKeySchedule } from "ts-mls/keySchedule.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import { changedNodes, encodeTreeNode } from "../tree/index.ts";
import type { PendingRemoval } from "../validity/index.ts";
import { readContext } from "../validity/index.ts";
import type { GroupChanges } from "./face.ts";
import { diffEpochs } from "./epoch-changes.ts";
import { encodePrepared, storedKeys } from "./prepared-row.ts";
import { contextCodec, headCodec, keysCodec, proposalCodec } from "./row-codecs.ts";
import { ROW } from "./row-names.ts";
import type { Live, Snapshot } from "./snapshot.ts";

/** Collects rows; the last word about a row counts. */
class Rows {
  readonly put = new Map<string, Bytes>();
  readonly gone = new Set<string>();

  set(name: string, value: Bytes): void {
    this.put.set(name, value);
    this.gone.delete(name);
  }

  remove(name: string): void {
    this.put.delete(name);
    this.gone.add(name);
  }

  finish(): GroupChanges {
    return { put: this.put, delete: [...this.gone] };
  }
}

/**
 * The rows that lead from one snapshot to the next. Whatever is the same object did not change, so
 * that the work, like the result, is bounded by what one step touches: a message changes the row
 * of its sender, a commit the nodes of its path.
 */
export function changesBetween(before: Snapshot | undefined, after: Snapshot): GroupChanges {
  const rows = new Rows();
  if (before === after) return rows.finish();
  const head = encodeHead(after);
  if (before === undefined || !sameOctets(encodeHead(before), head)) rows.set(ROW.head, head);
  const from = before?.kind === "live" ? before : undefined;
  const to = after.kind === "live" ? after : undefined;
  diffEpochs(rows, from?.state, to?.state);
  diffTree(rows, from?.state.ratchetTree ?? [], to?.state.ratchetTree ?? []);
  diffSecrets(rows, from, to);
  diffProposals(rows, from?.proposals ?? [], to?.proposals ?? []);
  if (from?.prepared !== to?.prepared) {
    if (to?.prepared === undefined) rows.remove(ROW.prepared);
    else rows.set(ROW.prepared, encodePrepared(to.state, to.prepared));
  }
  return rows.finish();
}

function encodeHead(snapshot: Snapshot): Bytes {
  const version = 1;
  if (snapshot.kind === "gone") {
    const { group, ownLeaf, epoch } = snapshot;
    return headCodec.encode({ version, status: "gone", group, ownLeaf, epoch });
  }
  const { group, epoch } = readContext(snapshot.state.groupContext);
  const status = snapshot.joining ? "joining" : "active";
  const ownLeaf = snapshot.state.privatePath.leafIndex;
  return headCodec.encode({ version, status, group, ownLeaf, epoch });
}

function diffTree(rows: Rows, before: RatchetTree, after: RatchetTree): void {
  if (before === after) return;
  for (const { index, node } of changedNodes(before, after)) {
    if (node === undefined) rows.remove(ROW.node(index));
    else rows.set(ROW.node(index), encodeTreeNode(node));
  }
}

function diffSecrets(rows: Rows, before: Live | undefined, after: Live | undefined): void {
  const from = before?.state;
  const to = after?.state;
  if (to === undefined) {
    if (from !== undefined) [ROW.context, ROW.secrets, ROW.keys].forEach((row) => rows.remove(row));
    return;
  }
  if (from?.groupContext !== to.groupContext) {
    const context = copyBytes(encodeGroupContext(to.groupContext));
    const confirmationTag = copyBytes(to.confirmationTag);
    const size = to.ratchetTree.length;
    rows.set(ROW.context, contextCodec.encode({ context, confirmationTag, size }));
  }
  if (from?.keySchedule !== to.keySchedule) {
    rows.set(ROW.secrets, copyBytes(encodeKeySchedule(to.keySchedule)));
  }
  if (from?.privatePath !== to.privatePath) {
    rows.set(ROW.keys, keysCodec.encode(storedKeys(to.privatePath.privateKeys)));
  }
}

function diffProposals(
  rows: Rows,
  before: readonly PendingRemoval[],
  after: readonly PendingRemoval[],
): void {
  if (before === after) return;
  const kept = new Set(after);
  const known = new Set(before);
  for (const { ref } of before.filter((one) => !kept.has(one))) {
    rows.remove(ROW.proposal(toHex(ref)));
  }
  for (const [order, proposal] of after.entries()) {
    if (known.has(proposal)) continue;
    rows.set(ROW.proposal(toHex(proposal.ref)), proposalCodec.encode({ order, ...proposal }));
  }
}

function sameOctets(left: Uint8Array, right: Uint8Array): boolean {
  return toHex(left) === toHex(right);
}
