import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import type { CiphersuiteImpl } from "ts-mls";
import type { ClientState } from "ts-mls/clientState.js";
import { createContentCommitSignature } from "ts-mls/framedContent.js";
import type { KeyPackage } from "ts-mls/keyPackage.js";
import { signKeyPackage } from "ts-mls/keyPackage.js";
import { signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import {
  protectExternalProposalPublic,
  protectProposalPublic,
  protectPublicMessage,
} from "ts-mls/messageProtectionPublic.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { PublicMessage } from "ts-mls/publicMessage.js";
import type { Sender, SenderNonMember } from "ts-mls/sender.js";
import type { UpdatePath } from "ts-mls/updatePath.js";

import { toTsMls } from "../../src/crypto/index.ts";
import { createKeyPackage } from "../../src/member/index.ts";
import { restoreSnapshot } from "../../src/member/restore-snapshot.ts";
import { decodeUntrusted, keyPackageKind } from "../../src/wire/index.ts";
import type { Member, Room } from "../world/room.ts";
import { none } from "../world/room.ts";

/** All that a malicious member has: its whole state. */
export function stateOf(member: Member): ClientState {
  const snapshot = restoreSnapshot(member.rows);
  if (snapshot.kind === "gone") throw new Error("The member is gone.");
  return { ...snapshot.state, signaturePrivateKey: member.identity.signaturePrivateKey };
}

export function anyone(room: Room): Member {
  return room.world.random.pick(room.members);
}

export function remove(removed: number): Proposal {
  return { proposalType: "remove", remove: { removed } };
}

type Forgery = {
  proposals: readonly Proposal[];
  path?: UpdatePath;
  sender?: Sender;
  /** Signs and frames in another group or epoch. */
  context?: Partial<ClientState["groupContext"]>;
};

/**
 * A commit with a right signature and membership tag, whatever it says. Its confirmation tag is
 * noise, so that members refuse it in any case: what matters is that everybody gives the reason
 * that the public rule gives.
 */
export async function forgeCommit(room: Room, author: Member, forgery: Forgery): Promise<Bytes> {
  const cs = toTsMls(room.world.crypto);
  const state = stateOf(author);
  const context = { ...state.groupContext, ...forgery.context };
  const { leafIndex } = state.privatePath;
  const { signature, framedContent } = await createContentCommitSignature(
    context,
    "mls_public_message",
    {
      proposals: forgery.proposals.map((proposal) => ({
        proposalOrRefType: "proposal" as const,
        proposal,
      })),
      path: forgery.path,
    },
    forgery.sender ?? { senderType: "member", leafIndex },
    none,
    state.signaturePrivateKey,
    cs.signature,
  );
  const confirmationTag = room.world.random.bytes(32);
  const publicMessage = await protectPublicMessage(
    state.keySchedule.membershipKey,
    context,
    {
      wireformat: "mls_public_message",
      content: framedContent,
      auth: { contentType: "commit", signature, confirmationTag },
    },
    cs,
  );
  return encodePublic(publicMessage);
}

export async function forgeProposal(
  room: Room,
  author: Member,
  proposal: Proposal,
): Promise<Bytes> {
  const state = stateOf(author);
  const { publicMessage } = await protectProposalPublic(
    state.signaturePrivateKey,
    state.keySchedule.membershipKey,
    state.groupContext,
    new Uint8Array(),
    proposal,
    state.privatePath.leafIndex,
    toTsMls(room.world.crypto),
  );
  return encodePublic(publicMessage);
}

/** What somebody who is no member can sign: the hub's key, or a newcomer's own. */
export async function forgeOutside(
  room: Room,
  proposal: Proposal,
  sender: SenderNonMember,
  key: Bytes,
  context: Partial<ClientState["groupContext"]> = {},
): Promise<Bytes> {
  const [member] = room.members;
  if (member === undefined) throw new Error("The room is empty.");
  const { groupContext } = stateOf(member);
  const { publicMessage } = await protectExternalProposalPublic(
    key,
    { ...groupContext, ...context },
    new Uint8Array(),
    proposal,
    sender,
    toTsMls(room.world.crypto),
  );
  return encodePublic(publicMessage);
}

/** A KeyPackage of a new user, changed and signed again by its owner. */
export async function forgeKeyPackage(
  room: Room,
  change: (keyPackage: KeyPackage) => KeyPackage,
): Promise<{ keyPackage: KeyPackage; signaturePrivateKey: Bytes }> {
  const { world } = room;
  const cs: CiphersuiteImpl = toTsMls(world.crypto);
  const identity = world.client(world.user(`mallory${world.random.below(2 ** 31)}`));
  const options = { lifetimeMs: 24 * 60 * 60 * 1000, lastResort: false };
  const made = await createKeyPackage(world.context, identity, options);
  const changed = change(decodeUntrusted(keyPackageKind, made.keyPackage));
  const { signaturePrivateKey } = identity;
  const { leafNode } = changed;
  if (leafNode.leafNodeSource !== "key_package") throw new Error("Not the leaf of a KeyPackage.");
  const tbs = { ...leafNode, leafNodeSource: leafNode.leafNodeSource };
  const signed = await signLeafNodeKeyPackage(tbs, signaturePrivateKey, cs.signature);
  const keyPackage = await signKeyPackage(
    { ...changed, leafNode: signed },
    signaturePrivateKey,
    cs.signature,
  );
  return { keyPackage, signaturePrivateKey };
}

export function encodePublic(publicMessage: PublicMessage): Bytes {
  return copyBytes(
    encodeMlsMessage({ version: "mls10", wireformat: "mls_public_message", publicMessage }),
  );
}
