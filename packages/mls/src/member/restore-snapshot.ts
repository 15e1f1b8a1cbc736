import type { Bytes } from "@treehouse/protocol";
import { Refusal } from "@treehouse/protocol";
import type { ClientState } from "ts-mls/clientState.js";
import { decodeKeySchedule } from "ts-mls/keySchedule.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import { clientConfig } from "../profile/index.ts";
import { decodeTreeNode } from "../tree/index.ts";
import type { PendingRemoval } from "../validity/index.ts";
import { unappliedProposals } from "../validity/index.ts";
import { decodeUntrusted, groupContextKind } from "../wire/index.ts";
import { decodePrepared, restoredKeys } from "./prepared-row.ts";
import { restorePast, restoreSecretTrees } from "./restore-epochs.ts";
import { contextCodec, headCodec, keysCodec, proposalCodec } from "./row-codecs.ts";
import { ROW } from "./row-names.ts";
import type { Snapshot } from "./snapshot.ts";

type RowMap = ReadonlyMap<string, Bytes>;

/** The snapshot whose rows these are. Refusal: malformed. */
export function restoreSnapshot(rows: RowMap): Snapshot {
  const head = headCodec.decode(row(rows, ROW.head));
  const { group, epoch, ownLeaf, status } = head;
  if (status === "gone") return { kind: "gone", group, epoch, ownLeaf };
  const { context, confirmationTag, size } = contextCodec.decode(row(rows, ROW.context));
  const keySchedule = decodeKeySchedule(row(rows, ROW.secrets), 0)?.[0];
  if (keySchedule === undefined) throw damaged();
  const ratchetTree = restoreTree(rows, size);
  const secretTrees = restoreSecretTrees(rows, BigInt(epoch), (size + 1) / 2);
  const secretTree = secretTrees.get(BigInt(epoch));
  if (secretTree === undefined) throw damaged();
  const proposals = restoreProposals(rows);
  const privateKeys = restoredKeys(keysCodec.decode(row(rows, ROW.keys)));
  const state: ClientState = {
    groupContext: decodeUntrusted(groupContextKind, context),
    keySchedule,
    secretTree,
    ratchetTree,
    privatePath: { leafIndex: ownLeaf, privateKeys },
    signaturePrivateKey: new Uint8Array(),
    unappliedProposals: unappliedProposals(proposals),
    confirmationTag,
    historicalReceiverData: restorePast(rows, ratchetTree, secretTrees, BigInt(epoch)),
    groupActiveState: { kind: "active" },
    clientConfig: clientConfig(0),
  };
  const stored = rows.get(ROW.prepared);
  const prepared = stored && decodePrepared(state, stored);
  return { kind: "live", joining: status === "joining", state, proposals, prepared };
}

function restoreTree(rows: RowMap, size: number): RatchetTree {
  const tree: RatchetTree = [];
  for (let index = 0; index < size; index++) {
    const node = rows.get(ROW.node(index));
    tree.push(node && decodeTreeNode(node));
  }
  return tree;
}

function restoreProposals(rows: RowMap): readonly PendingRemoval[] {
  const found: (PendingRemoval & { order: number })[] = [];
  for (const [name, value] of rows) {
    if (name.startsWith("proposal/")) found.push(proposalCodec.decode(value));
  }
  return found
    .sort((a, b) => a.order - b.order)
    .map(({ ref, message, removes, senderLeaf }) => ({ ref, message, removes, senderLeaf }));
}

function row(rows: RowMap, name: string): Bytes {
  const value = rows.get(name);
  if (value === undefined) throw damaged();
  return value;
}

function damaged(): Refusal {
  return new Refusal("malformed", "the stored group is not complete");
}
