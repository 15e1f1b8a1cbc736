import { equal } from "node:assert/strict";

import { decodeMlsMessage, encodeMlsMessage } from "ts-mls";
import { defaultPaddingConfig } from "ts-mls/paddingConfig.js";
import { decodeCommit, encodeCommit } from "ts-mls/commit.js";
import { createContentCommitSignature } from "ts-mls/framedContent.js";
import type { GroupContext } from "ts-mls/groupContext.js";
import { decodeGroupSecrets, encodeGroupSecrets } from "ts-mls/groupSecrets.js";
import { protect, protectApplicationData, protectProposal } from "ts-mls/messageProtection.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { protectProposalPublic, protectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import {
  decodeAdd,
  decodeExternalInit,
  decodeGroupContextExtensions,
  decodePSK,
  decodeProposal,
  decodeReinit,
  decodeRemove,
  decodeUpdate,
  encodeAdd,
  encodeExternalInit,
  encodeGroupContextExtensions,
  encodePSK,
  encodeProposal,
  encodeReinit,
  encodeRemove,
  encodeUpdate,
} from "ts-mls/proposal.js";
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { createSecretTree } from "ts-mls/secretTree.js";

import { message } from "./passive.ts";
import { bytes, hex, runVectors, suitesOf, whole } from "./vectors.ts";

type Codec<T> = readonly [
  (b: Uint8Array, offset: number) => [T, number] | undefined,
  (value: T) => Uint8Array,
];

function roundTrip<T>([decode, encode]: Codec<T>, encoded: string): void {
  equal(hex(encode(whole(decode, bytes(encoded)))), encoded);
}

const framed: Codec<
  ReturnType<typeof decodeMlsMessage> extends [infer M, number] | undefined ? M : never
> = [decodeMlsMessage, encodeMlsMessage];

runVectors<Record<string, string>>("messages.json.gz", (v) => {
  const codecs: Record<string, (encoded: string) => void> = {
    mls_welcome: (e) => roundTrip(framed, e),
    mls_group_info: (e) => roundTrip(framed, e),
    mls_key_package: (e) => roundTrip(framed, e),
    public_message_application: (e) => roundTrip(framed, e),
    public_message_proposal: (e) => roundTrip(framed, e),
    public_message_commit: (e) => roundTrip(framed, e),
    private_message: (e) => roundTrip(framed, e),
    ratchet_tree: (e) => roundTrip([decodeRatchetTree, encodeRatchetTree], e),
    group_secrets: (e) => roundTrip([decodeGroupSecrets, encodeGroupSecrets], e),
    add_proposal: (e) => roundTrip([decodeAdd, encodeAdd], e),
    update_proposal: (e) => roundTrip([decodeUpdate, encodeUpdate], e),
    remove_proposal: (e) => roundTrip([decodeRemove, encodeRemove], e),
    pre_shared_key_proposal: (e) => roundTrip([decodePSK, encodePSK], e),
    re_init_proposal: (e) => roundTrip([decodeReinit, encodeReinit], e),
    external_init_proposal: (e) => roundTrip([decodeExternalInit, encodeExternalInit], e),
    group_context_extensions_proposal: (e) =>
      roundTrip([decodeGroupContextExtensions, encodeGroupContextExtensions], e),
    commit: (e) => roundTrip([decodeCommit, encodeCommit], e),
  };
  equal(Object.keys(v).toSorted().join(), Object.keys(codecs).toSorted().join());
  for (const [name, check] of Object.entries(codecs)) check(v[name] ?? "");
});

type Protection = {
  cipher_suite: number;
  group_id: string;
  epoch: number;
  tree_hash: string;
  confirmed_transcript_hash: string;
  signature_priv: string;
  signature_pub: string;
  encryption_secret: string;
  sender_data_secret: string;
  membership_key: string;
  proposal: string;
  proposal_priv: string;
  proposal_pub: string;
  commit: string;
  commit_priv: string;
  commit_pub: string;
  application: string;
  application_priv: string;
};

const retention = {
  retainKeysForGenerations: 10,
  retainKeysForEpochs: 4,
  maximumForwardRatchetSteps: 100,
};

runVectors<Protection>("message-protection.json", async (v) => {
  for (const cs of suitesOf(v.cipher_suite)) {
    const context: GroupContext = {
      version: "mls10",
      cipherSuite: cs.name,
      groupId: bytes(v.group_id),
      epoch: BigInt(v.epoch),
      treeHash: bytes(v.tree_hash),
      confirmedTranscriptHash: bytes(v.confirmed_transcript_hash),
      extensions: [],
    };
    const [signKey, verifyKey] = [bytes(v.signature_priv), bytes(v.signature_pub)];
    const [senderData, membership] = [bytes(v.sender_data_secret), bytes(v.membership_key)];
    const tree = await createSecretTree(2, bytes(v.encryption_secret), cs.kdf);
    const leaves = leafOne(verifyKey, cs.name);
    const openPrivate = async (m: Parameters<typeof unprotectPrivateMessage>[1]) =>
      (await unprotectPrivateMessage(senderData, m, tree, leaves, context, retention, cs)).content
        .content;
    const openPublic = async (m: Parameters<typeof unprotectPublicMessage>[3]) =>
      (await unprotectPublicMessage(membership, context, leaves, m, cs)).content;

    const proposal = whole(decodeProposal, bytes(v.proposal));
    const commit = whole(decodeCommit, bytes(v.commit));
    const application = bytes(v.application);
    const none = new Uint8Array();

    equal(
      body(await openPrivate(message("mls_private_message", v.proposal_priv).privateMessage)),
      v.proposal,
    );
    equal(
      body(await openPrivate(message("mls_private_message", v.commit_priv).privateMessage)),
      v.commit,
    );
    equal(
      body(await openPrivate(message("mls_private_message", v.application_priv).privateMessage)),
      v.application,
    );
    equal(
      body(await openPublic(message("mls_public_message", v.proposal_pub).publicMessage)),
      v.proposal,
    );
    equal(
      body(await openPublic(message("mls_public_message", v.commit_pub).publicMessage)),
      v.commit,
    );

    const padding = defaultPaddingConfig;
    const ownProposal = await protectProposal(
      signKey,
      senderData,
      proposal,
      none,
      context,
      tree,
      1,
      padding,
      cs,
    );
    equal(body(await openPrivate(ownProposal.privateMessage)), v.proposal);
    const ownApplication = await protectApplicationData(
      signKey,
      senderData,
      application,
      none,
      context,
      tree,
      1,
      padding,
      cs,
    );
    equal(body(await openPrivate(ownApplication.privateMessage)), v.application);
    const ownPublic = await protectProposalPublic(
      signKey,
      membership,
      context,
      none,
      proposal,
      1,
      cs,
    );
    equal(body(await openPublic(ownPublic.publicMessage)), v.proposal);
    for (const wireformat of ["mls_private_message", "mls_public_message"] as const) {
      const { framedContent, signature } = await createContentCommitSignature(
        context,
        wireformat,
        commit,
        { senderType: "member", leafIndex: 1 },
        none,
        signKey,
        cs.signature,
      );
      const auth = {
        contentType: "commit" as const,
        signature,
        confirmationTag: new Uint8Array(32),
      };
      if (wireformat === "mls_public_message") {
        const content = { wireformat, content: framedContent, auth };
        equal(
          body(await openPublic(await protectPublicMessage(membership, context, content, cs))),
          v.commit,
        );
      } else {
        const sealed = await protect(
          senderData,
          none,
          context,
          tree,
          { ...framedContent, auth },
          1,
          padding,
          cs,
        );
        equal(body(await openPrivate(sealed.privateMessage)), v.commit);
      }
    }
  }
});

/** A tree in which leaf 1 has the given signature key: the vector's sender. */
function leafOne(signaturePublicKey: Uint8Array, suite: GroupContext["cipherSuite"]): RatchetTree {
  const leaf = {
    nodeType: "leaf" as const,
    leaf: {
      hpkePublicKey: new Uint8Array(32),
      signaturePublicKey,
      credential: { credentialType: "basic" as const, identity: new Uint8Array() },
      capabilities: {
        versions: ["mls10" as const],
        ciphersuites: [suite],
        extensions: [],
        proposals: [],
        credentials: ["basic" as const],
      },
      leafNodeSource: "update" as const,
      extensions: [],
      signature: new Uint8Array(),
    },
  };
  return [leaf, undefined, leaf];
}

type Content = Awaited<ReturnType<typeof unprotectPrivateMessage>>["content"]["content"];

function body(content: Content): string | undefined {
  if (content.contentType === "proposal") return hex(encodeProposal(content.proposal));
  if (content.contentType === "commit") return hex(encodeCommit(content.commit));
  return hex(content.applicationData);
}
