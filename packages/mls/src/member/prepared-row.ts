import type { Bytes } from "@treehouse/protocol";
import { copyBytes, Refusal } from "@treehouse/protocol";
import { encode } from "ts-mls/codec/tlsEncoder.js";
import type { ClientState } from "ts-mls/clientState.js";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { decodeKeySchedule, encodeKeySchedule } from "ts-mls/keySchedule.js";
import { decodeSecretTree, secretTreeEncoder } from "ts-mls/secretTree.js";

import { changedNodes, decodeTreeNode, encodeTreeNode } from "../tree/index.ts";
import { decodeUntrusted, groupContextKind } from "../wire/index.ts";
import type { StoredKeys, StoredNext } from "./row-codecs.ts";
import { preparedCodec } from "./row-codecs.ts";
import type { Prepared } from "./snapshot.ts";

/** The prepared state is kept as what differs from the state before it. */
export function encodePrepared(state: ClientState, prepared: Prepared): Bytes {
  const { commit, welcome, groupInfo, epoch, next } = prepared;
  return preparedCodec.encode({
    version: 1,
    commit,
    welcome,
    groupInfo,
    epoch,
    next: next && storedNext(state, next),
  });
}

function storedNext(state: ClientState, next: ClientState): StoredNext {
  const nodes = changedNodes(state.ratchetTree, next.ratchetTree);
  return {
    context: copyBytes(encodeGroupContext(next.groupContext)),
    confirmationTag: copyBytes(next.confirmationTag),
    keySchedule: copyBytes(encodeKeySchedule(next.keySchedule)),
    secretTree: copyBytes(encode(secretTreeEncoder)(next.secretTree)),
    keys: storedKeys(next.privatePath.privateKeys),
    size: next.ratchetTree.length,
    nodes: nodes.map(({ index, node }) => ({ index, node: node && encodeTreeNode(node) })),
  };
}

export function decodePrepared(state: ClientState, bytes: Bytes): Prepared {
  const { commit, welcome, groupInfo, epoch, next } = preparedCodec.decode(bytes);
  return { commit, welcome, groupInfo, epoch, next: next && restoredNext(state, next) };
}

function restoredNext(state: ClientState, stored: StoredNext): ClientState {
  const keySchedule = decodeKeySchedule(stored.keySchedule, 0)?.[0];
  const secretTree = decodeSecretTree(stored.secretTree, 0)?.[0];
  if (keySchedule === undefined || secretTree === undefined) {
    throw new Refusal("malformed", "a stored commit cannot be read");
  }
  const ratchetTree = state.ratchetTree.slice(0, stored.size);
  while (ratchetTree.length < stored.size) ratchetTree.push(undefined);
  for (const { index, node } of stored.nodes) {
    if (index < stored.size) ratchetTree[index] = node && decodeTreeNode(node);
  }
  return {
    ...state,
    groupContext: decodeUntrusted(groupContextKind, stored.context),
    confirmationTag: stored.confirmationTag,
    keySchedule,
    secretTree,
    ratchetTree,
    privatePath: { ...state.privatePath, privateKeys: restoredKeys(stored.keys) },
    unappliedProposals: {},
  };
}

export function storedKeys(keys: Readonly<Record<number, Uint8Array>>): StoredKeys {
  return Object.entries(keys).map(([node, key]) => ({ node: Number(node), key: copyBytes(key) }));
}

export function restoredKeys(keys: StoredKeys): Record<number, Uint8Array> {
  return Object.fromEntries(keys.map(({ node, key }) => [node, key]));
}
