import { deepEqual, equal, ok, rejects } from "node:assert/strict";

import {
  createGroupInfoWithExternalPub,
  emptyPskIndex,
  encodeExternalSenders,
  joinGroupExternal,
  proposeExternal,
} from "ts-mls";
import type { ClientConfig, Proposal, PublicMessage } from "ts-mls";
import { createContentCommitSignature } from "ts-mls/framedContent.js";
import { processPublicMessage } from "ts-mls/processMessages.js";
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";

import {
  Group,
  add,
  client,
  commit,
  config,
  cs,
  process,
  remove,
  roomState,
  utf8,
} from "./world.ts";
import type { Client } from "./world.ts";
import type { Regressions } from "./regression.ts";

const external = (publicMessage: PublicMessage) =>
  ({ version: "mls10", wireformat: "mls_public_message", publicMessage }) as const;

async function externalCommit(
  group: Group,
  by: string,
  joiner: Client,
  resync = false,
  using = config,
) {
  const { ratchetTree } = group.state(by);
  const info = await createGroupInfoWithExternalPub(group.state(by), [], cs);
  const { publicPackage, privatePackage } = joiner;
  return joinGroupExternal(info, publicPackage, privatePackage, resync, cs, ratchetTree, using);
}

/** The same external commit with other proposals, signed anew: what an outsider can always do. */
async function withProposals(group: Group, joiner: Client, extra: readonly Proposal[]) {
  const { publicMessage } = await externalCommit(group, "m0", joiner);
  const { content, auth } = publicMessage;
  if (content.contentType !== "commit" || auth.contentType !== "commit") throw new Error("commit");
  const { framedContent, signature } = await createContentCommitSignature(
    group.state("m0").groupContext,
    "mls_public_message",
    {
      ...content.commit,
      proposals: [
        ...extra.map((proposal) => ({ proposalOrRefType: "proposal" as const, proposal })),
        ...content.commit.proposals,
      ],
    },
    { senderType: "new_member_commit" },
    content.authenticatedData,
    joiner.signature.signKey,
    cs.signature,
  );
  return {
    content: framedContent,
    auth: { ...auth, signature },
    senderType: "new_member_commit" as const,
  };
}

export const b01b08: Regressions = {
  B1: {
    title: "a joiner accepts parents above that do not list the leaves unmerged below",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2", "m3", "m4", "m5"]);
      await group.commit("m4");
      await group.commit("m0", [remove(1)]);
      await group.commit("m0");
      await group.commit("m4");
      await group.add("m0", [await client("X")]);
      await group.add("m0", [await client("Y")]);
      await group.commit("Y");
    },
  },
  B2: {
    title: "a removed member notices although its slot was filled again",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const { commit: message, newState } = await commit(group.state("m0"), [
        remove(2),
        add(await client("X")),
      ]);
      equal(newState.ratchetTree[4]?.nodeType, "leaf");
      equal((await process(group.state("m2"), message)).groupActiveState.kind, "removedFromGroup");

      const former = group.state("m1");
      const again = await client("m1", { as: await clientOf(group, "m1") });
      const { publicMessage } = await externalCommit(group, "m0", again, true);
      const after = await process(former, external(publicMessage));
      equal(after.groupActiveState.kind, "removedFromGroup");
    },
  },
  B3: {
    title: "external_pub is written and read with its inner length",
    run: async () => {
      const group = await Group.of(["m0", "m1"]);
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const data = info.extensions.find((e) => e.extensionType === "external_pub")?.extensionData;
      equal(data?.length, 33);
      equal(data?.[0], 32);
      const { publicMessage, newState } = await externalCommit(group, "m0", await client("X"));
      await group.deliver(external(publicMessage), "");
      group.states.set("X", newState);
      group.check();
    },
  },
  B4: {
    title: "external senders are one vector, wherever its extension stands",
    run: async () => {
      const hub = await cs.signature.keygen();
      const sender = (signaturePublicKey: Uint8Array) => ({
        signaturePublicKey,
        credential: { credentialType: "basic" as const, identity: utf8("hub") },
      });
      const other = (await cs.signature.keygen()).publicKey;
      const data = encodeExternalSenders([sender(hub.publicKey), sender(other)]);
      // two structs of key, type and identity, behind one length
      equal(data.length, 2 + 2 * (33 + 2 + 4));
      const group = await Group.of(
        ["m0", "m1"],
        [
          { extensionType: roomState, extensionData: utf8("state") },
          { extensionType: "external_senders", extensionData: data },
        ],
      );
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const message = await proposeExternal(info, remove(1), hub.publicKey, hub.signKey, cs);
      if (message.wireformat !== "mls_public_message") throw new Error(message.wireformat);
      deepEqual(message.publicMessage.content.sender, { senderType: "external", senderIndex: 0 });
      await group.deliver(message, "");
      await group.commit("m0");
      equal(group.states.size, 1);
    },
  },
  B5: {
    title:
      "an external commit that removes a leaf out of range, or a blank one, is refused at once",
    mayHang: true,
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      await group.commit("m0", [remove(1)]);
      for (const leaf of [1_000_000, 4_000_000_000, 1]) {
        const message = await withProposals(group, await client("X"), [remove(leaf)]);
        await rejects(
          processPublicMessage(group.state("m0"), message, emptyPskIndex, cs),
          /leaf|Index/,
        );
      }
    },
  },
  B6: {
    title: "a tree whose unmerged leaves are out of range is refused at once",
    mayHang: true,
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      await group.commit("m0");
      const info = await createGroupInfoWithExternalPub(group.state("m0"), [], cs);
      const { publicPackage, privatePackage } = await client("X");
      for (const unmerged of [[1_000_000], [3], [0, 0], [4_294_967_295]]) {
        const tree: RatchetTree = group
          .state("m0")
          .ratchetTree.map((node) =>
            node?.nodeType === "parent"
              ? { ...node, parent: { ...node.parent, unmergedLeaves: unmerged } }
              : node,
          );
        await rejects(
          joinGroupExternal(info, publicPackage, privatePackage, false, cs, tree, config),
          { name: "ValidationError" },
        );
      }
    },
  },
  B7: {
    title: "an external commit removes nobody but a former leaf of the same client",
    run: async () => {
      const group = await Group.of(["m0", "m1", "m2"]);
      const careless: ClientConfig = {
        ...config,
        keyPackageEqualityConfig: {
          compareKeyPackages: () => false,
          compareKeyPackageToLeafNode: (_, leaf) =>
            leaf.credential.credentialType === "basic" &&
            Buffer.from(leaf.credential.identity).toString() === "m2",
        },
      };
      const kick = await externalCommit(group, "m0", await client("X"), true, careless);
      for (const name of ["m0", "m1"]) {
        await rejects(process(group.state(name), external(kick.publicMessage)), /same client/);
      }
      await rejects(externalCommit(group, "m0", await client("Y"), true), { name: "UsageError" });
      const again = await client("m1", { as: await clientOf(group, "m1") });
      const resync = await externalCommit(group, "m0", again, true);
      group.states.delete("m1");
      await group.deliver(external(resync.publicMessage), "");
      group.states.set("m1", resync.newState);
      group.check();
    },
  },
  B8: {
    title: "a tree of twenty thousand leaves can be encoded",
    run: async () => {
      const [leaf] = (await Group.of(["m0"])).state("m0").ratchetTree;
      const tree: RatchetTree = Array.from({ length: 32_767 }, (_, i) =>
        i % 2 === 0 ? leaf : undefined,
      );
      const encoded = encodeRatchetTree(tree);
      ok(encoded.length > 16_384 * 100);
      equal(decodeRatchetTree(encoded, 0)?.[0].length, 32_767);
    },
  },
};

/** The signature keys of a member, to come again with. */
async function clientOf(group: Group, name: string): Promise<Client> {
  const state = group.state(name);
  const node = state.ratchetTree[2 * group.leaf(name)];
  if (node?.nodeType !== "leaf") throw new Error(name);
  const made = await client(name);
  const publicKey = node.leaf.signaturePublicKey;
  return { ...made, signature: { signKey: state.signaturePrivateKey, publicKey } };
}
