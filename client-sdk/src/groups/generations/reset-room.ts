import { readGroupInfo, readRatchetTree } from "@treehouse/mls/member";
import {
  authorizeGeneration,
  decodeRoomState,
  firstPrevious,
  type GenerationClaim,
  nextGeneration,
  Refusal,
  type RoomState,
  roomView,
  signGenerationClaim,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { fetchGroupInfo, readFormerGroup, checkRecent } from "../rejoining/index.ts";
import { begin } from "./begin.ts";

/**
 * Puts another group in the place of the room's, and brings in whoever was there: those of whom there is a
 * KeyPackage by one Welcome, the others come by themselves. Works whatever became of this client's group, as
 * long as the hub counts it in. Resolves once this client is in the new group.
 *
 * Refuses `removed`, `notAllowed`, `ownersMissing`, and what the hub refuses.
 */
export async function resetRoom(
  context: GroupsContext,
  room: Room,
  { reason, wake }: { readonly reason: string; readonly wake: (room: Room) => void },
): Promise<void> {
  const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
  if (status !== "joined") {
    throw new Refusal("removed", "this client is no longer a member of the conversation");
  }
  const former = await readFormerGroup(context, room);
  const { info, hubKey } = await fetchGroupInfo(context, room);
  const { group, epoch, roomState, transcript } = readGroupInfo(info.groupInfo);
  const members = readRatchetTree(info.ratchetTree ?? new Uint8Array());
  const before = decodeRoomState(roomState);
  checkRecent(context, room, former, { group, state: before, hubKey, epoch });
  const view = roomView(before, members);
  const { cursor, forked } = room;
  // What is another one in the hub's log names no entry of that.
  const isPlaced = !forked && cursor.hash.length > 0 && cursor.position > 0;
  const claim: GenerationClaim = {
    previous: group,
    epoch,
    transcript,
    position: isPlaced ? cursor.position : 0,
    hash: isPlaced ? cursor.hash : firstPrevious,
    formerHub: before.hub,
    hub: before.hub,
    hubKey,
    term: before.term,
    reason: "reset",
  };
  const state = stateAfter(context, view, claim);
  const users = new Set(members.map(({ user }) => user));
  await begin(context, room, { made: { state, former: group, users: [...users], reason }, wake });
}

function stateAfter(
  { identity, self, member: { crypto } }: GroupsContext,
  view: Parameters<typeof nextGeneration>[0],
  claim: GenerationClaim,
): RoomState {
  const own = signGenerationClaim(claim, self.client, (message) =>
    crypto.sign(identity.signaturePrivateKey, message),
  );
  const state = nextGeneration(view, { claim, endorsements: [own] }, self.user);
  const verdict = authorizeGeneration(view, state, self.client);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  return state;
}
