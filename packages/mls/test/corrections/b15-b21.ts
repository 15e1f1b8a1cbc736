import { deepEqual, equal, notDeepEqual, ok, rejects, throws } from "node:assert/strict";

import {
  branchGroup,
  bytesToBase64,
  createApplicationMessage,
  createGroup,
  createGroupInfoWithExternalPub,
  createProposal,
  emptyPskIndex,
  encodeExternalSenders,
  joinGroupExternal,
  joinGroupFromBranch,
  makePskIndex,
  processPrivateMessage,
  proposeAddExternal,
  proposeExternal,
} from "ts-mls";
import type { ClientState, MLSMessage, Proposal } from "ts-mls";
import { applyProposals } from "ts-mls/clientState.js";
import { verifyConfirmationTag } from "ts-mls/framedContent.js";
import { decodeProposal } from "ts-mls/proposal.js";
import { toLeafIndex } from "ts-mls/treemath.js";

import { Group, add, client, commit, config, cs, process, remove, utf8 } from "./world.ts";
import type { Regressions } from "./regression.ts";

const externalInit: Proposal = {
  proposalType: "external_init",
  externalInit: { kemOutput: new Uint8Array(32).fill(9) },
};
const byValue = (proposal: Proposal) => ({ proposalOrRefType: "proposal" as const, proposal });
const pendingOf = (state: ClientState) => Object.keys(state.unappliedProposals).length;

/** Somebody outside proposes to add itself. */
async function proposeAdd(
  group: Group,
  by: Awaited<ReturnType<typeof client>>,
): Promise<MLSMessage> {
  const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
  return proposeAddExternal(info, by.publicPackage, by.privatePackage, cs);
}

export const b15b21: Regressions = {
  B15: {
    title: "a proposal for another group or epoch is refused, whoever signed it",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const { publicPackage, privatePackage } = await client("X");
      for (const change of [{ groupId: utf8("other") }, { epoch: 77n }]) {
        const elsewhere = { ...info, groupContext: { ...info.groupContext, ...change } };
        const message = await proposeAddExternal(elsewhere, publicPackage, privatePackage, cs);
        await rejects(process(group.state("m1"), message), /another group|epoch/);
      }
    },
  },
  B16a: {
    title: "external_init in a member's commit is refused",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const list = [byValue(externalInit)];
      await rejects(
        applyProposals(group.state("m1"), list, toLeafIndex(0), emptyPskIndex, false, cs),
        /external_init/,
      );
    },
  },
  B16b: {
    title: "an external commit with a proposal by reference is refused",
    mutants: ["B16b", "B16"],
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const { message } = await createProposal(group.state("m1"), true, remove(2), cs);
      const pending = await process(group.state("m0"), message);
      const [ref = ""] = Object.keys(pending.unappliedProposals);
      const reference = Uint8Array.from(Buffer.from(ref, "base64"));
      const list = [byValue(externalInit), { proposalOrRefType: "reference" as const, reference }];
      await rejects(
        applyProposals(pending, list, undefined, emptyPskIndex, false, cs),
        /by reference/,
      );
    },
  },
  B16c: {
    title: "an external sender cannot propose external_init",
    run: async () => {
      const hub = await cs.signature.keygen();
      const credential = { credentialType: "basic" as const, identity: utf8("hub") };
      const extensionData = encodeExternalSenders([
        { signaturePublicKey: hub.publicKey, credential },
      ]);
      const group = await Group.of(
        ["m0", "m1"],
        [{ extensionType: "external_senders", extensionData }],
      );
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const message = await proposeExternal(info, externalInit, hub.publicKey, hub.signKey, cs);
      await rejects(process(group.state("m1"), message), /12\.1\.8/);
    },
  },
  B17: {
    title: "a private commit finds the PSKs given to processMessage",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const pskId = utf8("psk");
      const pskIndex = makePskIndex(undefined, { [bytesToBase64(pskId)]: utf8("secret of both") });
      const psk: Proposal = {
        proposalType: "psk",
        psk: { preSharedKeyId: { psktype: "external", pskId, pskNonce: new Uint8Array(32) } },
      };
      const options = { pskIndex, wireAsPublicMessage: false };
      const { newState, commit: message } = await commit(group.state("m0"), [psk], options);
      const other = await process(group.state("m1"), message, pskIndex);
      deepEqual(other.keySchedule.epochAuthenticator, newState.keySchedule.epochAuthenticator);
    },
  },
  B18: {
    title: "a proposal that no commit can contain is not queued",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const { message } = await createProposal(group.state("m1"), true, remove(5), cs);
      await rejects(process(group.state("m0"), message), /empty leaf/);
      const one = await client("X");
      const otherKey = await cs.signature.sign(one.signature.signKey, utf8("something else"));
      const forged = { ...one, publicPackage: { ...one.publicPackage, signature: otherKey } };
      await rejects(process(group.state("m0"), await proposeAdd(group, forged)), /signature/);
    },
  },
  B18b: {
    title: "proposals that do not fit stop neither commits nor messages",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const node = group.state("m1").ratchetTree[2 * group.leaf("m1")];
      if (node?.nodeType !== "leaf") throw new Error("leaf");
      const publicKey = node.leaf.signaturePublicKey;
      const signature = { signKey: group.state("m1").signaturePrivateKey, publicKey };
      const again = await client("m1", { as: { ...(await client("m1")), signature } });
      await group.deliver(await proposeAdd(group, again), "");
      equal(pendingOf(group.state("m0")), 1);
      await createApplicationMessage(group.state("m0"), utf8("hello"), cs);

      const twice = await createProposal(group.state("m0"), true, remove(2), cs);
      group.states.set("m0", twice.newState);
      await group.deliver(twice.message, "m0");
      await rejects(createApplicationMessage(group.state("m0"), utf8("hello"), cs), /unapplied/);
      // one names the leaf by value, which the pending proposal names by reference
      const { commit: message } = await group.commit("m1", [remove(2)]);
      if (message.wireformat !== "mls_public_message") throw new Error(message.wireformat);
      const { content } = message.publicMessage;
      equal(content.contentType === "commit" && content.commit.proposals.length, 1);
      equal(pendingOf(group.state("m0")), 0);
    },
  },
  B19: {
    title: "no way into a group does without a check of credentials",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const [one, two] = [await client("m0"), await client("m1")];
      const strict = {
        ...config,
        authService: {
          validateCredential: async (credential: { credentialType: string }) =>
            credential.credentialType !== "basic",
        },
      };
      await rejects(
        async () => {
          // @ts-expect-error the configuration is not optional
          await createGroup(utf8("g"), one.publicPackage, one.privatePackage, [], cs);
        },
        { name: "UsageError" },
      );
      const { publicPackage: kp, privatePackage: keys } = one;
      const members = [two.publicPackage];
      const lax = await branchGroup(group.state("m0"), kp, keys, members, utf8("b"), cs);
      await rejects(
        branchGroup(group.state("m0"), kp, keys, members, utf8("b"), cs, strict),
        /credential/,
      );
      if (lax.welcome === undefined) throw new Error("no Welcome");
      const tree = lax.newState.ratchetTree;
      const { publicPackage, privatePackage } = two;
      const old = group.state("m1");
      await joinGroupFromBranch(old, lax.welcome, publicPackage, privatePackage, tree, cs);
      await rejects(
        joinGroupFromBranch(old, lax.welcome, publicPackage, privatePackage, tree, cs, strict),
        /credential/,
      );
    },
  },
  B20a: {
    title: "the secrets of an epoch no longer kept are handed out to be erased",
    run: async () => {
      const short = { ...config.keyRetentionConfig, retainKeysForEpochs: 1 };
      const group = await Group.of(["m0", "m1"]);
      const start = {
        ...group.state("m0"),
        historicalReceiverData: new Map(),
        clientConfig: { ...config, keyRetentionConfig: short },
      };
      const first = await commit(start);
      const second = await commit(first.newState);
      equal(second.newState.historicalReceiverData.size, 1);
      ok(second.consumed.includes(start.keySchedule.senderDataSecret));
      ok(second.consumed.includes(start.keySchedule.resumptionPsk));
      const none = {
        ...start.clientConfig,
        keyRetentionConfig: { ...short, retainKeysForEpochs: 0 },
      };
      const third = await commit({ ...start, clientConfig: none });
      equal(third.newState.historicalReceiverData.size, 0);
    },
  },
  B20b: {
    title: "private keys of nodes that were blanked or replaced are dropped",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3"]);
      await group.commit("m3");
      await group.commit("m0");
      const before = group.state("m1").privatePath.privateKeys;
      deepEqual(Object.keys(before), ["1", "2", "3"]);
      await group.commit("m2", [remove(0)]);
      const after = group.state("m1").privatePath.privateKeys;
      // node 1 was blanked, node 3 is new
      deepEqual(Object.keys(after), ["2", "3"]);
      notDeepEqual(after[3], before[3]);
    },
  },
  B20c: {
    title: "the update of a lone member brings fresh entropy",
    run: async () => {
      const group = await Group.of(["m0"]);
      const { newState } = await commit(group.state("m0"));
      const stolen = group.state("m0").keySchedule.initSecret;
      const { initializeEpoch } = await import("ts-mls/keySchedule.js");
      const zeroes = new Uint8Array(cs.kdf.size);
      const guess = await initializeEpoch(stolen, zeroes, newState.groupContext, zeroes, cs.kdf);
      notDeepEqual(guess.keySchedule.epochAuthenticator, newState.keySchedule.epochAuthenticator);
      const { confirmationTag, groupContext, keySchedule } = newState;
      const { confirmedTranscriptHash } = groupContext;
      ok(
        await verifyConfirmationTag(
          keySchedule.confirmationKey,
          confirmationTag,
          confirmedTranscriptHash,
          cs.hash,
        ),
      );
    },
  },
  B20d: {
    title: "a removed member's state keeps no secret of the group",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      await group.commit("m0");
      const { commit: message } = await commit(group.state("m0"), [remove(2)]);
      const before = group.state("m2");
      const after = await process(before, message);
      for (const secret of Object.values(after.keySchedule)) equal(secret.length, 0);
      deepEqual(after.secretTree.inner, {});
      deepEqual(after.secretTree.leaves, {});
      deepEqual(after.privatePath.privateKeys, {});
      equal(after.historicalReceiverData.size, 0);
      ok(before.keySchedule.initSecret.length > 0);
    },
  },
  B21: {
    title: "a malformed standard proposal is malformed, not a custom one",
    run: async () => {
      const decode = (text: string) => decodeProposal(Uint8Array.from(Buffer.from(text, "hex")), 0);
      equal(decode("0001050102030405"), undefined);
      for (let type = 0; type <= 7; type += 1) {
        const text = `000${type}050102030405`;
        let decoded: ReturnType<typeof decode>;
        try {
          decoded = decode(text);
        } catch (error) {
          ok(error instanceof Error && error.name === "CodecError", String(error));
        }
        ok(typeof decoded?.[0].proposalType !== "number");
      }
      equal(decode("f001050102030405")?.[0].proposalType, 0xf001);
    },
  },
  retained: {
    title: "what is kept of a message passed over opens that message only",
    mutants: [],
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const m0 = group.state("m0");
      const first = await createApplicationMessage(m0, utf8("first"), cs);
      const second = await createApplicationMessage(first.newState, utf8("second"), cs);
      const { privateMessage } = second;
      const got = await processPrivateMessage(group.state("m1"), privateMessage, emptyPskIndex, cs);
      const ratchet = got.newState.secretTree.leaves[0]?.application;
      deepEqual(Object.keys(ratchet?.unusedGenerations ?? {}), ["0"]);
      // key and nonce, which lead nowhere; the ratchet's secret would have 32 octets
      equal(ratchet?.unusedGenerations[0]?.length, 16 + 12);
      const late = await processPrivateMessage(
        got.newState,
        first.privateMessage,
        emptyPskIndex,
        cs,
      );
      if (late.kind !== "applicationMessage") throw new Error(late.kind);
      deepEqual(Buffer.from(late.message).toString(), "first");
      await rejects(
        processPrivateMessage(late.newState, first.privateMessage, emptyPskIndex, cs),
        /past/,
      );
    },
  },
  alone: {
    title: "the only member of a group can come back by an external commit",
    mutants: [],
    run: async () => {
      const group = await Group.of(["m0"]);
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const node = group.state("m0").ratchetTree[0];
      if (node?.nodeType !== "leaf") throw new Error("leaf");
      const signature = {
        signKey: group.state("m0").signaturePrivateKey,
        publicKey: node.leaf.signaturePublicKey,
      };
      const again = await client("m0", { as: { ...(await client("m0")), signature } });
      const { publicPackage, privatePackage } = again;
      const tree = group.state("m0").ratchetTree;
      const { newState } = await joinGroupExternal(
        info,
        publicPackage,
        privatePackage,
        true,
        cs,
        tree,
        config,
      );
      equal(newState.ratchetTree.length, 1);
      await commit(newState, [add(await client("m1"))]);
      throws(() => group.state("m1"));
    },
  },
};
