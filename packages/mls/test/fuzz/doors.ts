import type { Bytes } from "@treehouse/protocol";

import {
  checkKeyPackage as checkAtMember,
  createKeyPackage,
  describeMlsMessage,
  joinExternal,
  joinWelcome,
  loadGroup,
} from "../../src/member/index.ts";
import type { MemberGroup } from "../../src/member/index.ts";
import { checkKeyPackage, loadPublicGroup, registerGroup } from "../../src/public/index.ts";
import { newcomer, none } from "../world/room.ts";
import { send, trio } from "../world/trio.ts";

/** A place where foreign octets come in, and octets that are taken there. */
export type Door = { readonly valid: Bytes; enter(bytes: Bytes): Promise<unknown> };

/** Every face of the package that takes octets of others, in one room of three with its hub. */
export async function openDoors(seed: number): Promise<Readonly<Record<string, Door>>> {
  const { room, alice, bob, carol } = await trio(seed);
  const { context } = room.world;
  const at = context.now();
  const dave = newcomer(room.world, "dave");
  const lifetime = { lifetimeMs: 1e9, lastResort: false };
  const made = await createKeyPackage(context, dave.identity, lifetime);
  const message = await send(alice, "hello");
  const proposal = await carol.group.proposeRemoval(1, none);
  const prepared = await alice.group.prepareCommit({ add: [made.keyPackage], remove: [2] }, none);
  const { commit, groupInfo, welcome = none } = prepared;
  const ratchetTree = room.hub.ratchetTree();
  const current = room.hub.groupInfo;
  const { group } = await room.hub.checkCommit({ ...prepared, at });
  const after = group.ratchetTree();
  const stored = room.hub.store();
  const external = { groupInfo: current, ratchetTree, authenticatedData: none, at };
  const joining = { welcome, ratchetTree: after, secrets: () => made.secret, at };
  let member = bob.group;
  /** A member that took something is loaded anew, as it was: the next input meets the same one. */
  const atMember = (act: (group: MemberGroup, bytes: Bytes) => Promise<unknown>) =>
    async function enter(bytes: Bytes): Promise<unknown> {
      const answer = await act(member, bytes);
      member = await loadGroup(context, bob.identity, bob.rows);
      return answer;
    };
  return {
    commitAtMember: {
      valid: commit,
      enter: atMember((one, bytes) => one.processCommit(bytes, { acceptedAt: at })),
    },
    proposalAtMember: {
      valid: proposal,
      enter: atMember((one, bytes) => one.processProposal(bytes)),
    },
    message: { valid: message, enter: atMember((one, bytes) => one.decrypt(bytes)) },
    addition: {
      valid: made.keyPackage,
      enter: atMember((one, bytes) => one.prepareCommit({ add: [bytes] }, none)),
    },
    roomState: {
      valid: room.hub.roomState,
      enter: atMember((one, bytes) => one.prepareCommit({ roomState: bytes }, none)),
    },
    leafIdentity: {
      valid: bob.identity.leafIdentity,
      enter: atMember((one, bytes) => one.prepareCommit({ updateLeafIdentity: bytes }, none)),
    },
    commitAtHub: {
      valid: commit,
      enter: (bytes) => room.hub.checkCommit({ commit: bytes, groupInfo, welcome, at }),
    },
    groupInfoAtHub: {
      valid: groupInfo,
      enter: (bytes) => room.hub.checkCommit({ commit, groupInfo: bytes, welcome, at }),
    },
    welcomeAtHub: {
      valid: welcome,
      enter: (bytes) => room.hub.checkCommit({ commit, groupInfo, welcome: bytes, at }),
    },
    proposalAtHub: { valid: proposal, enter: (bytes) => room.hub.checkProposals([bytes], at) },
    keyPackage: {
      valid: made.keyPackage,
      enter: (bytes) => checkKeyPackage(context, bytes, { at }),
    },
    keyPackageAtMember: {
      valid: made.keyPackage,
      enter: async (bytes) => checkAtMember(context, bytes),
    },
    foundingTree: {
      valid: ratchetTree,
      enter: (bytes) =>
        registerGroup(context, { groupInfo: current, ratchetTree: bytes, at, leavesMax: 5 }),
    },
    foundingGroupInfo: {
      valid: current,
      enter: (bytes) => registerGroup(context, { groupInfo: bytes, ratchetTree, at, leavesMax: 5 }),
    },
    welcome: {
      valid: welcome,
      enter: (bytes) => joinWelcome(context, dave.identity, { ...joining, welcome: bytes }),
    },
    welcomeTree: {
      valid: after,
      enter: (bytes) => joinWelcome(context, dave.identity, { ...joining, ratchetTree: bytes }),
    },
    externalGroupInfo: {
      valid: current,
      enter: (bytes) => joinExternal(context, dave.identity, { ...external, groupInfo: bytes }),
    },
    externalTree: {
      valid: ratchetTree,
      enter: (bytes) => joinExternal(context, dave.identity, { ...external, ratchetTree: bytes }),
    },
    storedGroupContext: {
      valid: stored.groupContext,
      enter: (bytes) => loadPublicGroup(context, { ...stored, groupContext: bytes }),
    },
    storedSecrets: {
      valid: bob.rows.get("secrets") ?? none,
      enter: (bytes) =>
        loadGroup(context, bob.identity, new Map([...bob.rows, ["secrets", bytes]])),
    },
    description: { valid: commit, enter: async (bytes) => describeMlsMessage(bytes) },
  };
}
