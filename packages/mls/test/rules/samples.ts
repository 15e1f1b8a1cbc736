import type { Proposal } from "ts-mls/proposal.js";

import { SUITE } from "../../src/profile/index.ts";
import { leafAt } from "../../src/tree/index.ts";
import type { Base } from "./lab.ts";

export const octets = new Uint8Array(32).fill(9);

export const psk: Proposal = {
  proposalType: "psk",
  psk: { preSharedKeyId: { psktype: "external", pskId: octets, pskNonce: octets } },
};
export const resumption: Proposal = {
  proposalType: "psk",
  psk: {
    preSharedKeyId: {
      psktype: "resumption",
      usage: "application",
      pskGroupId: octets,
      pskEpoch: 1n,
      pskNonce: octets,
    },
  },
};
export const reinit: Proposal = {
  proposalType: "reinit",
  reinit: { groupId: octets, version: "mls10", cipherSuite: SUITE, extensions: [] },
};
export const externalInit = (length = 32): Proposal => ({
  proposalType: "external_init",
  externalInit: { kemOutput: new Uint8Array(length).fill(9) },
});
export const custom = (proposalType: number): Proposal => ({ proposalType, proposalData: octets });

/** An Update of a member's own leaf, signed for another purpose: the type is refused before. */
export function update(base: Base, leaf: number): Proposal {
  const node = leafAt(base.state.ratchetTree, leaf);
  if (node === undefined) throw new Error("The leaf is blank.");
  const { hpkePublicKey, signaturePublicKey, credential, capabilities, extensions } = node;
  return {
    proposalType: "update",
    update: {
      leafNode: {
        hpkePublicKey,
        signaturePublicKey,
        credential,
        capabilities,
        extensions,
        leafNodeSource: "update",
        signature: node.signature,
      },
    },
  };
}

export function stateChange(base: Base): Proposal {
  const { extensions } = base.state.groupContext;
  return {
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions },
  };
}
