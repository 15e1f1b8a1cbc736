import type { Bytes, RefusalCode } from "@treehouse/protocol";
import { LIMITS, Refusal } from "@treehouse/protocol";

import { registerGroup } from "../../src/public/index.ts";
import type { PublicState } from "../../src/validity/index.ts";
import { applyCommit } from "../../src/validity/index.ts";
import { decodeTree, decodeUntrusted, groupContextKind } from "../../src/wire/index.ts";
import { joinExternal } from "../../src/member/index.ts";
import type { Member, Room } from "../world/room.ts";
import { none } from "../world/room.ts";

/** The reason for which something is refused; throws if it is not. */
export async function refusalOf(what: string, run: () => Promise<unknown>): Promise<RefusalCode> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  throw new Error(`${what} was accepted.`);
}

/**
 * The public rule refuses the commit, so does the hub, and every member gives the same reason and
 * stays as it was.
 */
export async function commitRefusedByAll(room: Room, commit: Bytes): Promise<RefusalCode> {
  const at = room.world.context.now();
  const rule = await refusalOf("The hostile commit", () =>
    applyCommit(room.world.crypto, publicStateOf(room), commit, at),
  );
  await refusalOf("The upload of the hostile commit", () =>
    room.hub.checkCommit({ commit, groupInfo: room.hub.groupInfo, at }),
  );
  for (const member of room.members) {
    const code = await unchanged(member, () =>
      member.group.processCommit(commit, { acceptedAt: at }),
    );
    if (code !== rule) throw new Error(`The hub says ${rule}, a member says ${code}.`);
  }
  return rule;
}

export async function proposalRefusedByAll(room: Room, message: Bytes): Promise<RefusalCode> {
  const at = room.world.context.now();
  const rule = await refusalOf("The hostile proposal", () =>
    room.hub.checkProposals([message], at),
  );
  for (const member of room.members) {
    const code = await unchanged(member, () => member.group.processProposal(message));
    if (code !== rule) throw new Error(`The hub says ${rule}, a member says ${code}.`);
  }
  return rule;
}

/** As `commitRefusedByAll`, for one of these reasons. */
export async function refuse(
  room: Room,
  commit: Bytes,
  ...codes: readonly RefusalCode[]
): Promise<void> {
  const code = await commitRefusedByAll(room, commit);
  if (!codes.includes(code)) throw new Error(`Refused as ${code} instead of ${codes.join()}.`);
}

export async function refuseProposal(room: Room, message: Bytes, code: RefusalCode): Promise<void> {
  const found = await proposalRefusedByAll(room, message);
  if (found !== code) throw new Error(`Refused as ${found} instead of ${code}.`);
}

/** A tree that neither a server takes nor a client joins. */
export async function treeRefusedByAll(room: Room, ratchetTree: Bytes): Promise<void> {
  const { context } = room.world;
  const at = context.now();
  const { groupInfo } = room.hub;
  const { treeLeavesMax: leavesMax } = LIMITS;
  await refusalOf("The hostile tree", () =>
    registerGroup(context, { groupInfo, ratchetTree, at, leavesMax }),
  );
  const identity = room.world.client(room.world.user("victim"));
  await refusalOf("The hostile tree", () =>
    joinExternal(context, identity, { groupInfo, ratchetTree, authenticatedData: none, at }),
  );
}

async function unchanged(member: Member, run: () => Promise<unknown>): Promise<RefusalCode> {
  const code = await refusalOf("A member: what is hostile", run);
  const changes = member.group.takeChanges();
  if (changes.put.size + changes.delete.length > 0) {
    throw new Error("A refused message changed rows.");
  }
  return code;
}

function publicStateOf(room: Room): PublicState {
  return {
    groupContext: decodeUntrusted(groupContextKind, room.hub.groupContext),
    ratchetTree: decodeTree(room.hub.ratchetTree()),
    confirmationTag: room.stored.confirmationTag,
    proposals: [],
  };
}
