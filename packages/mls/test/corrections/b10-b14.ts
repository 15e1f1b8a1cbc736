import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";

import {
  decodeGroupState,
  emptyPskIndex,
  encodeGroupState,
  encodeRequiredCapabilities,
  joinGroup,
} from "ts-mls";
import type { CiphersuiteImpl, Extension, Proposal } from "ts-mls";
import { deriveSecret } from "ts-mls/crypto/kdf.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { signKeyPackage } from "ts-mls/keyPackage.js";
import { encodeLeafNodeTBS, signLeafNodeKeyPackage } from "ts-mls/leafNode.js";
import { getHpkePublicKey } from "ts-mls/ratchetTree.js";
import { signWithLabel } from "ts-mls/crypto/signature.js";
import { protectProposalPublic } from "ts-mls/messageProtectionPublic.js";

import {
  Group,
  add,
  capabilities,
  client,
  commit,
  config,
  cs,
  extend,
  process,
  remove,
  roomState,
  seededRandom,
  utf8,
} from "./world.ts";
import type { Client } from "./world.ts";
import type { Regressions } from "./regression.ts";

const state = (text: string): Extension => ({
  extensionType: roomState,
  extensionData: utf8(text),
});

/** A KeyPackage of the client whose leaf claims another HPKE key, properly signed. */
async function withLeafKey(one: Client, hpkePublicKey: Uint8Array): Promise<Client> {
  const { signature, publicPackage } = one;
  const tbs = { ...publicPackage.leafNode, hpkePublicKey };
  const leafNode = await signLeafNodeKeyPackage(tbs, signature.signKey, cs.signature);
  const signed = await signKeyPackage(
    { ...publicPackage, leafNode },
    signature.signKey,
    cs.signature,
  );
  return { ...one, publicPackage: signed };
}

/** A suite that claims `publicKey` for the n-th key pair it derives. */
function lying(n: number, publicKey: Uint8Array): CiphersuiteImpl {
  let count = 0;
  const deriveKeyPair: CiphersuiteImpl["hpke"]["deriveKeyPair"] = async (ikm) => {
    const pair = await cs.hpke.deriveKeyPair(ikm);
    count += 1;
    return count === n ? { ...pair, publicKey: await cs.hpke.importPublicKey(publicKey) } : pair;
  };
  return { ...cs, hpke: { ...cs.hpke, deriveKeyPair } };
}

function leafKey(group: Group, name: string): Uint8Array {
  const node = group.state(name).ratchetTree[2 * group.leaf(name)];
  if (node === undefined) throw new Error(name);
  return getHpkePublicKey(node);
}

export const b10b14: Regressions = {
  B10: {
    title: "an Update proposed by leaf 0 is committed, also after the state was stored",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const m0 = group.state("m0");
      const [own] = m0.ratchetTree;
      if (own?.nodeType !== "leaf") throw new Error("leaf");
      const keys = await cs.hpke.generateKeyPair();
      const tbs = {
        ...own.leaf,
        leafNodeSource: "update" as const,
        hpkePublicKey: await cs.hpke.exportPublicKey(keys.publicKey),
        groupId: m0.groupContext.groupId,
        leafIndex: 0,
      };
      const leafNode = {
        ...tbs,
        signature: await signWithLabel(
          m0.signaturePrivateKey,
          "LeafNodeTBS",
          encodeLeafNodeTBS(tbs),
          cs.signature,
        ),
      };
      const proposal: Proposal = { proposalType: "update", update: { leafNode } };
      const { publicMessage } = await protectProposalPublic(
        m0.signaturePrivateKey,
        m0.keySchedule.membershipKey,
        m0.groupContext,
        new Uint8Array(),
        proposal,
        0,
        cs,
      );
      const pending = await process(group.state("m1"), {
        version: "mls10",
        wireformat: "mls_public_message",
        publicMessage,
      });
      const stored = decodeGroupState(encodeGroupState(pending), 0)?.[0];
      if (stored === undefined) throw new Error("not decoded");
      equal(Object.values(stored.unappliedProposals)[0]?.senderLeafIndex, 0);
      const { newState } = await commit({ ...stored, clientConfig: config });
      const after = newState.ratchetTree[0];
      deepEqual(after?.nodeType === "leaf" && after.leaf.hpkePublicKey, tbs.hpkePublicKey);
    },
  },
  B11: {
    title:
      "a blank root has no path secret: the commit secret comes from the last node that has one",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3"]);
      const before = group.state("m3");
      // what the committer draws is known: the secret of its leaf, and of each node above
      const leafSecret = seededRandom(99)(32);
      const suite = { ...cs, rng: { randomBytes: () => Uint8Array.from(leafSecret) } };
      const { newState, commit: message } = await commit(before, [remove(0), remove(1)], { suite });
      equal(newState.ratchetTree[3], undefined);
      const nodeSecret = await deriveSecret(leafSecret, "path", cs.kdf);
      const commitSecret = await deriveSecret(nodeSecret, "path", cs.kdf);
      const { initSecret } = before.keySchedule;
      const zeroes = new Uint8Array(32);
      const epoch = await initializeEpoch(
        initSecret,
        commitSecret,
        newState.groupContext,
        zeroes,
        cs.kdf,
      );
      deepEqual(newState.keySchedule.epochAuthenticator, epoch.keySchedule.epochAuthenticator);
      const m2 = await process(group.state("m2"), message);
      deepEqual(m2.keySchedule.epochAuthenticator, epoch.keySchedule.epochAuthenticator);
    },
  },
  B12a: {
    title: "a commit that changes extensions has a path",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      for (const more of [[], [add(await client("X"))]]) {
        const { commit: message } = await commit(group.state("m0"), [
          extend([state("a")]),
          ...more,
        ]);
        if (message.wireformat !== "mls_public_message") throw new Error(message.wireformat);
        const { content } = message.publicMessage;
        notEqual(content.contentType === "commit" ? content.commit.path : undefined, undefined);
      }
    },
  },
  B12b: {
    title: "a path beside changed extensions can be decrypted",
    mutants: ["B12b", "B12"],
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3"], [state("a")]);
      await group.commit("m0", [extend([state("b")]), remove(3)]);
      await group.commit("m1", [extend([state("c")])]);
      await group.add("m2", [await client("X")]);
      for (const one of group.states.values()) {
        deepEqual(one.groupContext.extensions, [state("c")]);
      }
    },
  },
  B12c: {
    title: "an empty list of extensions takes all extensions away",
    run: async () => {
      const required = {
        extensionType: "required_capabilities" as const,
        extensionData: encodeRequiredCapabilities({
          extensionTypes: [],
          proposalTypes: [],
          credentialTypes: ["basic"],
        }),
      };
      const group = await Group.of(["m0", "m1"]);
      for (const list of [[required], [], [required, state("x")], []]) {
        await group.commit("m1", [extend(list)]);
        for (const one of group.states.values()) deepEqual(one.groupContext.extensions, list);
      }
    },
  },
  B12d: {
    title: "an extension that a member does not support does not get into the group",
    run: async () => {
      const poor = { ...capabilities, extensions: [] };
      const group = await Group.of(["m0", "m1"]);
      await group.add("m0", [await client("poor", { capabilities: poor })]);
      await rejects(commit(group.state("m0"), [extend([state("a")])]), /every extension/);
      await group.commit("m0", [extend([state("a")]), remove(2)]);
      const late = await client("late", { capabilities: poor });
      await rejects(commit(group.state("m0"), [add(late)]), /every extension/);
      // cleared in the same commit, it is no hindrance
      await commit(group.state("m0"), [extend([]), add(late)]);
    },
  },
  B13a: {
    title: "a KeyPackage with the HPKE key of a member, or of another one, is refused",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const copy = await withLeafKey(await client("X"), leafKey(group, "m0"));
      await rejects(commit(group.state("m1"), [add(copy)]), /not unique/);
      const one = await client("Y");
      const twin = await withLeafKey(await client("Z"), one.publicPackage.leafNode.hpkePublicKey);
      await rejects(commit(group.state("m1"), [add(one), add(twin)]), /not unique/);
      await group.commit("m1");
    },
  },
  B13b: {
    title: "a path with the key of a leaf is refused by everybody",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3"]);
      await group.commit("m0");
      const suite = lying(2, leafKey(group, "m2"));
      const { commit: message } = await commit(group.state("m0"), [], { suite });
      for (const name of ["m1", "m2", "m3"]) {
        await rejects(process(group.state(name), message), /may not appear|belong/);
      }
      await rejects(process(group.state("m3"), message), /may not appear/);
    },
  },
  B13c: {
    title: "a client can be removed and added again in one commit",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const one = await client("X");
      await group.add("m0", [one]);
      const leaf = group.leaf("X");
      const again = await client("X", { as: one });
      group.states.delete("X");
      await group.commit("m0", [remove(leaf), add(again)]);
      await group.commit("m1");
    },
  },
  B14: {
    title: "a path whose keys do not belong to its secrets is refused by who gets the secrets",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3"]);
      await group.commit("m0");
      const stranger = await cs.hpke.generateKeyPair();
      const suite = lying(2, await cs.hpke.exportPublicKey(stranger.publicKey));
      const { commit: message } = await commit(group.state("m0"), [], { suite });
      await rejects(process(group.state("m1"), message), /does not belong/);
      // the same in a Welcome: the joiner is below the node
      const joiner = await client("joiner");
      const { publicPackage, privatePackage } = joiner;
      const { welcome, newState } = await commit(group.state("m0"), [remove(1), add(joiner)], {
        suite: lying(2, await cs.hpke.exportPublicKey((await cs.hpke.generateKeyPair()).publicKey)),
      });
      if (welcome === undefined) throw new Error("no Welcome");
      await rejects(
        joinGroup(
          welcome,
          publicPackage,
          privatePackage,
          emptyPskIndex,
          cs,
          newState.ratchetTree,
          undefined,
          config,
        ),
        /does not belong/,
      );
    },
  },
};
