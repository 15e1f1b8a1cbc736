import type { Bytes } from "@treehouse/protocol";
import { concatBytes, equalBytes, u16, u64, utf8Encode, opaque } from "@treehouse/protocol";
import type { FramedContentCommit } from "ts-mls/framedContent.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import { extensionTypeToNumber } from "ts-mls/extension.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import type { ClientState } from "ts-mls/clientState.js";
import type { UpdatePath } from "ts-mls/updatePath.js";

import type { MlsCrypto } from "../../src/crypto/index.ts";
import { restoreSnapshot } from "../../src/member/restore-snapshot.ts";
import {
  decodeTree,
  decodeUntrusted,
  groupContextKind,
  handshakeKind,
} from "../../src/wire/index.ts";
import type { CheckedCommit } from "../../src/public/index.ts";
import type { Member, Room } from "../world/room.ts";

/**
 * A second opinion about the secrets of an epoch, after the text of RFC 9420 and without the
 * library's tree and key schedule: all implementations agree on the confirmation tag, and so would
 * not notice a fault that they share. Run before the receiver has processed the commit.
 */
export function checkCommitSecret(
  room: Room,
  receiver: Member,
  commit: Bytes,
  checked: CheckedCommit,
): void {
  const { crypto } = room.world;
  const snapshot = restoreSnapshot(receiver.rows);
  if (snapshot.kind === "gone") throw new Error("The receiver is gone.");
  const { state } = snapshot;
  const { content, auth } = decodeUntrusted(handshakeKind, commit);
  if (content.contentType !== "commit" || auth.contentType !== "commit")
    throw new Error("no commit");
  const after = {
    tree: decodeTree(checked.group.ratchetTree()),
    context: decodeUntrusted(groupContextKind, checked.group.groupContext),
  };
  const fresh = checked.external ? [] : checked.added.map(({ leaf }) => 2 * leaf);
  const committer = 2 * checked.committer.leaf;
  const { path } = content.commit;
  const commitSecret =
    path === undefined
      ? new Uint8Array(32)
      : secretOfPath(crypto, state, path, { ...after, fresh, committer });
  const initSecret = initSecretOf(crypto, state, content);
  const tag = confirmationTag(crypto, initSecret, commitSecret, after.context);
  if (!equalBytes(tag, auth.confirmationTag)) {
    throw new Error("The confirmation tag is not that of RFC 9420.");
  }
}

type After = {
  tree: RatchetTree;
  context: GroupContext;
  fresh: readonly number[];
  committer: number;
};

/** RFC 9420 §7.5 and §7.6: decrypt one path secret, then go up along the nodes of the path. */
function secretOfPath(
  crypto: MlsCrypto,
  state: ClientState,
  path: UpdatePath,
  after: After,
): Bytes {
  const { tree, committer } = after;
  const own = 2 * state.privatePath.leafIndex;
  const steps = directPath(committer, tree.length).filter(
    ({ sibling }) => resolution(tree, sibling).length > 0,
  );
  if (steps.length !== path.nodes.length) throw new Error("The path has a wrong length.");
  const at = steps.findIndex(({ sibling }) => covers(sibling, own));
  const [step, node] = [steps[at], path.nodes[at]];
  if (step === undefined || node === undefined) throw new Error("The path misses the receiver.");
  const receivers = resolution(tree, step.sibling).filter((one) => !after.fresh.includes(one));
  // A member that joined without a path knows no key above its leaf: it is listed as unmerged.
  const { privateKeys } = state.privatePath;
  const position = receivers.findIndex((one) => covers(one, own) && one in privateKeys);
  const key = privateKeys[receivers[position] ?? -1];
  const sealed = node.encryptedPathSecret[position];
  if (key === undefined || sealed === undefined) throw new Error("No key for the path.");
  const { confirmedTranscriptHash } = state.groupContext;
  const provisional = encodeContext({ ...after.context, confirmedTranscriptHash });
  const info = concatBytes(blob(utf8Encode("MLS 1.0 UpdatePathNode")), blob(provisional));
  const none = new Uint8Array();
  let secret = crypto.hpkeOpen(key, sealed.kemOutput, info, none, sealed.ciphertext);
  for (let left = steps.length - 1 - at; left > 0; left--) {
    secret = deriveSecret(crypto, secret, "path");
  }
  return deriveSecret(crypto, secret, "path");
}

/** RFC 9420 §8.3: an external commit brings its own init secret. */
function initSecretOf(
  crypto: MlsCrypto,
  state: ClientState,
  content: FramedContentCommit,
): Uint8Array {
  for (const one of content.commit.proposals) {
    if (one.proposalOrRefType !== "proposal") continue;
    const { proposal } = one;
    if (proposal.proposalType !== "external_init" || !("externalInit" in proposal)) continue;
    const { privateKey } = crypto.hpkeDeriveKeyPair(state.keySchedule.externalSecret);
    const label = utf8Encode("MLS 1.0 external init secret");
    const { kemOutput } = proposal.externalInit;
    return crypto.hpkeExportFrom(privateKey, kemOutput, new Uint8Array(), label, 32);
  }
  return state.keySchedule.initSecret;
}

/** RFC 9420 §8, without PSKs. */
function confirmationTag(
  crypto: MlsCrypto,
  initSecret: Uint8Array,
  commitSecret: Uint8Array,
  context: GroupContext,
): Bytes {
  const encoded = encodeContext(context);
  const joiner = expandWithLabel(
    crypto,
    crypto.hkdfExtract(initSecret, commitSecret),
    "joiner",
    encoded,
  );
  const epoch = expandWithLabel(
    crypto,
    crypto.hkdfExtract(joiner, new Uint8Array(32)),
    "epoch",
    encoded,
  );
  const key = deriveSecret(crypto, epoch, "confirm");
  return crypto.hmac(key, context.confirmedTranscriptHash);
}

const blobCodec = opaque({ max: 2 ** 24 });

function blob(bytes: Uint8Array): Bytes {
  return blobCodec.encode(new Uint8Array(bytes));
}

function expandWithLabel(
  crypto: MlsCrypto,
  secret: Uint8Array,
  label: string,
  context: Bytes,
): Bytes {
  const info = concatBytes(u16.encode(32), blob(utf8Encode(`MLS 1.0 ${label}`)), blob(context));
  return crypto.hkdfExpand(secret, info, 32);
}

function deriveSecret(crypto: MlsCrypto, secret: Uint8Array, label: string): Bytes {
  return expandWithLabel(crypto, secret, label, new Uint8Array());
}

/** RFC 9420 §8.1: version 1, suite 1. */
function encodeContext(context: GroupContext): Bytes {
  const extensions = context.extensions.map(({ extensionType, extensionData }) =>
    concatBytes(u16.encode(extensionTypeToNumber(extensionType)), blob(extensionData)),
  );
  return concatBytes(
    u16.encode(1),
    u16.encode(1),
    blob(context.groupId),
    u64.encode(Number(context.epoch)),
    blob(context.treeHash),
    blob(context.confirmedTranscriptHash),
    blob(concatBytes(...extensions)),
  );
}

/** Appendix C of RFC 9420: the level of a node is the number of ones at its end. */
function levelOf(node: number): number {
  let level = 0;
  while (((node >> level) & 1) === 1) level++;
  return level;
}

/** Whether a leaf's node lies under a node (or is it). */
function covers(node: number, leaf: number): boolean {
  const reach = 2 ** levelOf(node) - 1;
  return node - reach <= leaf && leaf <= node + reach;
}

/** The ancestors of a node, from below, each with its child that is not on the way. */
function directPath(node: number, size: number): readonly { node: number; sibling: number }[] {
  const root = (size - 1) / 2;
  const path: { node: number; sibling: number }[] = [];
  for (let at = node; at !== root;) {
    const step = 2 ** levelOf(at);
    const isLeft = ((at >> (levelOf(at) + 1)) & 1) === 0;
    const parent = isLeft ? at + step : at - step;
    path.push({ node: parent, sibling: isLeft ? parent + step : parent - step });
    at = parent;
  }
  return path;
}

/** RFC 9420 §4.1.1. */
function resolution(tree: RatchetTree, node: number): readonly number[] {
  const found = tree[node];
  if (found?.nodeType === "leaf") return [node];
  if (found?.nodeType === "parent") {
    return [node, ...found.parent.unmergedLeaves.map((leaf) => 2 * leaf)];
  }
  const level = levelOf(node);
  if (level === 0) return [];
  const half = 2 ** (level - 1);
  return [...resolution(tree, node - half), ...resolution(tree, node + half)];
}
