import type { Bytes } from "@treehouse/protocol";
import { copyBytes } from "@treehouse/protocol";
import { createCommit } from "ts-mls/createCommit.js";
import type { Extension } from "ts-mls/extension.js";
import { encodeMlsMessage } from "ts-mls/message.js";
import type { Proposal } from "ts-mls/proposal.js";
import type { RatchetTree } from "ts-mls/ratchetTree.js";
import { encodeRatchetTree } from "ts-mls/ratchetTree.js";

import { toTsMls } from "../../src/crypto/index.ts";
import { joinExternal } from "../../src/member/index.ts";
import { clientConfig, DICTIONARY_EXTENSION } from "../../src/profile/index.ts";
import { leavesOf } from "../../src/tree/index.ts";
import { decodeTree, decodeUntrusted, handshakeKind } from "../../src/wire/index.ts";
import type { Room } from "../world/room.ts";
import { none, persist } from "../world/room.ts";
import {
  anyone,
  encodePublic,
  forgeCommit,
  forgeKeyPackage,
  forgeOutside,
  forgeProposal,
  remove,
  stateOf,
} from "./forge.ts";
import { staleIdentity, stolenIdentity, wrongIdentity } from "./hostile-identity.ts";
import {
  commitRefusedByAll,
  proposalRefusedByAll,
  refuse,
  refuseProposal,
  treeRefusedByAll,
} from "./refused-by-all.ts";

export type HostileAct = { name: string; run(room: Room): Promise<void> };

/** B13: two leaves with one encryption key would stop every later commit. */
async function twinKey(room: Room): Promise<void> {
  const victim = room.world.random.pick(leavesOf(stateOf(anyone(room)).ratchetTree));
  const { keyPackage } = await forgeKeyPackage(room, (one) => ({
    ...one,
    leafNode: { ...one.leafNode, hpkePublicKey: victim.node.hpkePublicKey },
  }));
  const proposals: Proposal[] = [{ proposalType: "add", add: { keyPackage } }];
  await refuse(room, await forgeCommit(room, anyone(room), { proposals }), "invalidCommit");
}

async function twinKeyPackages(room: Room): Promise<void> {
  const first = await forgeKeyPackage(room, (one) => one);
  const second = await forgeKeyPackage(room, (one) => ({
    ...one,
    leafNode: { ...one.leafNode, hpkePublicKey: first.keyPackage.leafNode.hpkePublicKey },
  }));
  const proposals = [first, second].map(({ keyPackage }): Proposal => ({
    proposalType: "add",
    add: { keyPackage },
  }));
  await refuse(room, await forgeCommit(room, anyone(room), { proposals }), "invalidCommit");
}

/** B13: the key of a path node copies a member's. */
async function wrongPathKey(room: Room): Promise<void> {
  const attacker = anyone(room);
  const state = stateOf(attacker);
  const others = leavesOf(state.ratchetTree).filter(
    ({ leaf }) => leaf !== state.privatePath.leafIndex,
  );
  if (others.length === 0) return;
  const stolen = room.world.random.pick(others).node.hpkePublicKey;
  const cs = toTsMls(room.world.crypto);
  let calls = 0;
  const hpke = {
    ...cs.hpke,
    async deriveKeyPair(ikm: Uint8Array) {
      const pair = await cs.hpke.deriveKeyPair(ikm);
      calls += 1;
      return calls === 2 ? { ...pair, publicKey: await cs.hpke.importPublicKey(stolen) } : pair;
    },
  };
  const made = await createCommit(
    { state: { ...state, clientConfig: clientConfig(0) }, cipherSuite: { ...cs, hpke } },
    { wireAsPublicMessage: true, authenticatedData: none },
  );
  await refuse(room, copyBytes(encodeMlsMessage(made.commit)), "invalidCommit");
}

/** B5: leaves that do not exist, in a member's and in an external commit. */
async function removeNobody(room: Room): Promise<void> {
  const { random } = room.world;
  const size = leavesOf(decodeTree(room.hub.ratchetTree())).length;
  const far = random.pick([1_000_000, 2 ** 31, 2 ** 32 - 1, 2 * size + 64]);
  const commit = await forgeCommit(room, anyone(room), { proposals: [remove(far)] });
  await refuse(room, commit, "invalidCommit");
  const joiner = await externalCommit(room, (proposals) => [remove(far), ...proposals]);
  await refuse(room, joiner, "invalidCommit");
}

/** B7: an outsider removes a member while it joins. */
async function removeStranger(room: Room): Promise<void> {
  const victim = anyone(room).group.ownLeaf;
  const commit = await externalCommit(room, (proposals) => [remove(victim), ...proposals]);
  await refuse(room, commit, "invalidCommit");
}

/** An external commit of a stranger whose list of proposals was changed, signed anew. */
async function externalCommit(
  room: Room,
  change: (proposals: Proposal[]) => readonly Proposal[],
): Promise<Bytes> {
  const { world, hub } = room;
  const identity = world.client(world.user(`outsider${world.random.below(2 ** 31)}`));
  const { prepared } = await joinExternal(world.context, identity, {
    groupInfo: hub.groupInfo,
    ratchetTree: hub.ratchetTree(),
    authenticatedData: none,
    at: world.context.now(),
  });
  const { content } = decodeUntrusted(handshakeKind, prepared.commit);
  if (content.contentType !== "commit") throw new Error("Not a commit.");
  const { path, proposals } = content.commit;
  const own = proposals.flatMap((one) =>
    one.proposalOrRefType === "proposal" ? [one.proposal] : [],
  );
  const signer = { ...anyone(room), identity };
  return forgeCommit(room, signer, {
    proposals: change(own),
    sender: { senderType: "new_member_commit" },
    ...(path === undefined ? {} : { path }),
  });
}

async function foreignGroup(room: Room): Promise<void> {
  const { random } = room.world;
  const groupId = random.bytes(20);
  const other = await forgeCommit(room, anyone(room), { proposals: [], context: { groupId } });
  await refuse(room, other, "invalidCommit");
  const epoch = BigInt(room.hub.epoch) + BigInt(random.pick([1, 77, 2 ** 40]));
  const later = await forgeCommit(room, anyone(room), { proposals: [], context: { epoch } });
  await refuse(room, later, "wrongEpoch");
}

/** Types that a commit of our rooms never holds. */
async function wrongTypes(room: Room): Promise<void> {
  const kemOutput = room.world.random.bytes(32);
  const proposals = room.world.random.pick<readonly Proposal[]>([
    [{ proposalType: "external_init", externalInit: { kemOutput } }],
    [{ proposalType: 0xf123, proposalData: new Uint8Array([1, 2, 3]) }],
    [
      {
        proposalType: "psk",
        psk: { preSharedKeyId: { psktype: "external", pskId: kemOutput, pskNonce: kemOutput } },
      },
    ],
    [
      {
        proposalType: "reinit",
        reinit: {
          groupId: kemOutput,
          version: "mls10",
          cipherSuite: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519",
          extensions: [],
        },
      },
    ],
  ]);
  await refuse(room, await forgeCommit(room, anyone(room), { proposals }), "invalidCommit");
}

/** B12: the room's state may change, but nothing else, and not into something unreadable. */
async function wrongExtensions(room: Room): Promise<void> {
  const attacker = anyone(room);
  const { extensions } = stateOf(attacker).groupContext;
  const [senders, required, dictionary] = extensions;
  if (!senders || !required || !dictionary) throw new Error("A room has three extensions.");
  const garbage = { extensionType: DICTIONARY_EXTENSION, extensionData: new Uint8Array([7]) };
  const lists: readonly Extension[][] = [
    [],
    [dictionary],
    [senders, required],
    [required, senders, dictionary],
    [senders, required, garbage],
    [senders, required, dictionary, { ...garbage, extensionType: 0xf002 }],
    [{ ...senders, extensionData: new Uint8Array([0]) }, required, dictionary],
  ];
  const list = room.world.random.pick(lists);
  const made = await forgeCommit(room, attacker, {
    proposals: [
      {
        proposalType: "group_context_extensions",
        groupContextExtensions: { extensions: list },
      },
    ],
  });
  await refuse(room, made, "invalidCommit");
}

async function tooMany(room: Room): Promise<void> {
  const proposals = Array.from({ length: 101 }, (_, leaf) => remove(leaf));
  await refuse(room, await forgeCommit(room, anyone(room), { proposals }), "limitExceeded");
}

/** Whoever changes any octet under the signature is refused by all. */
async function flippedBits(room: Room): Promise<void> {
  const { random } = room.world;
  const attacker = anyone(room);
  const { commit } = await attacker.group.prepareCommit({}, none);
  await attacker.group.discard();
  attacker.group.takeChanges();
  const tags = 2 * 33;
  const flipped = copyBytes(commit);
  const at = random.below(commit.length - tags);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8));
  await commitRefusedByAll(room, flipped);
  await refuse(room, commit.slice(0, random.below(commit.length)), "malformed");
  await refuse(room, new Uint8Array([...commit, 0]), "malformed");
}

/** B21: what looks like an Add and is none must not pass as a proposal that nobody knows. */
async function malformedProposal(room: Room): Promise<void> {
  const proposal = { proposalType: 1, proposalData: room.world.random.bytes(5) };
  const made = await forgeCommit(room, anyone(room), { proposals: [proposal] });
  await refuse(room, made, "malformed");
}

/** B6, T-22: trees that are not what they seem. */
async function wrongTrees(room: Room): Promise<void> {
  const { random } = room.world;
  const tree = decodeTree(room.hub.ratchetTree());
  const parents = tree.flatMap((node, index) => (node?.nodeType === "parent" ? [index] : []));
  const changed: RatchetTree = tree.slice();
  const at = random.pick([...parents, 0]);
  const node = tree[at];
  if (node?.nodeType === "parent") {
    const unmergedLeaves = [random.pick([1_000_000, 2 ** 31, tree.length])];
    changed[at] = { nodeType: "parent", parent: { ...node.parent, unmergedLeaves } };
  } else {
    changed[at] = node === undefined ? leafNode(tree) : undefined;
  }
  const encoded = changed.some((one) => one !== undefined)
    ? copyBytes(encodeRatchetTree(changed))
    : new Uint8Array([0]);
  await treeRefusedByAll(room, encoded);
}

function leafNode(tree: RatchetTree): RatchetTree[number] {
  return tree.find((node) => node?.nodeType === "leaf");
}

/** Only members and the hub propose, and only removals (B15, B16). */
async function wrongProposals(room: Room): Promise<void> {
  const { world } = room;
  const { privateKey } = world.hub;
  const { keyPackage, signaturePrivateKey } = await forgeKeyPackage(room, (one) => one);
  const add: Proposal = { proposalType: "add", add: { keyPackage } };
  const target = anyone(room).group.ownLeaf;
  const hub = { senderType: "external" as const, senderIndex: 0 };
  const newcomer = { senderType: "new_member_proposal" as const };
  const other = { groupId: world.random.bytes(20) };
  const invalid = [
    await forgeOutside(room, add, newcomer, signaturePrivateKey),
    await forgeOutside(room, add, hub, privateKey),
    await forgeOutside(room, remove(target), { ...hub, senderIndex: 1 }, privateKey),
    await forgeOutside(room, remove(target), hub, signaturePrivateKey),
    await forgeOutside(room, remove(target), hub, privateKey, other),
    await forgeOutside(room, remove(1_000_000), hub, privateKey),
    await forgeProposal(room, anyone(room), add),
    await forgeProposal(room, anyone(room), remove(2 ** 32 - 1)),
  ];
  await refuseProposal(room, world.random.pick(invalid), "invalidProposal");
  const epoch = { epoch: BigInt(room.hub.epoch + 1) };
  const later = await forgeOutside(room, remove(target), hub, privateKey, epoch);
  await refuseProposal(room, later, "wrongEpoch");
}

/** A lone signature by a member does not make a proposal out of its application messages. */
async function wrongFraming(room: Room): Promise<void> {
  const sender = anyone(room);
  const message = await sender.group.encrypt(none, none);
  persist(sender);
  await refuse(room, message, "malformed");
  await proposalRefusedByAll(room, message);
  const { content, ...rest } = decodeUntrusted(
    handshakeKind,
    await forgeProposal(room, anyone(room), remove(anyone(room).group.ownLeaf)),
  );
  await refuse(room, encodePublic({ content, ...rest }), "invalidCommit");
}

export const hostileActs: readonly HostileAct[] = [
  { name: "twinKey", run: twinKey },
  { name: "twinKeyPackages", run: twinKeyPackages },
  { name: "wrongPathKey", run: wrongPathKey },
  { name: "removeNobody", run: removeNobody },
  { name: "removeStranger", run: removeStranger },
  { name: "foreignGroup", run: foreignGroup },
  { name: "wrongTypes", run: wrongTypes },
  { name: "wrongExtensions", run: wrongExtensions },
  { name: "tooMany", run: tooMany },
  { name: "flippedBits", run: flippedBits },
  { name: "malformedProposal", run: malformedProposal },
  { name: "wrongTrees", run: wrongTrees },
  { name: "wrongProposals", run: wrongProposals },
  { name: "wrongIdentity", run: wrongIdentity },
  { name: "stolenIdentity", run: stolenIdentity },
  { name: "staleIdentity", run: staleIdentity },
  { name: "wrongFraming", run: wrongFraming },
];
