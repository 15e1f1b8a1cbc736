import { createGroup, readGroupInfo, readRatchetTree } from "@treehouse/mls/member";
import {
  authorizeGeneration,
  decodeRoomState,
  encodeRoomState,
  firstPrevious,
  type GenerationClaim,
  groupUriOf,
  type Head,
  nextGeneration,
  Refusal,
  refusalOfResponse,
  roomOfGroup,
  type RoomState,
  roomView,
  signGenerationClaim,
  updateRequestCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../context.ts";
import { fetchGroupInfo } from "../fetch-group-info.ts";
import { readFormerGroup } from "../former-group.ts";
import { checkHead, checkRecent } from "../rejoin-room.ts";
import type { Founded } from "./founded.ts";

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
  const { cursor } = room;
  const isPlaced = cursor.hash.length > 0 && cursor.position > 0;
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
  const head = await found(context, room, { state, former: group, users: [...users], reason });
  const back = new Promise<void>((resolve, reject) => {
    room.returning.push({ resolve: () => resolve(), reject });
  });
  await room.serial.run(async () => {
    if (room.founded === undefined) return;
    room.founded = { ...room.founded, head };
    // What this client cannot follow brings it no entry that says where the room goes on.
    if (room.lost || room.halt !== undefined) Object.assign(room, { lost: true, halt: undefined });
  });
  wake(room);
  await back;
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

/** Makes the group and has the room go on with it; answers where that is. */
async function found(
  context: GroupsContext,
  room: Room,
  wanted: {
    readonly state: RoomState;
    readonly former: Parameters<typeof roomOfGroup>[0];
    readonly users: readonly UserUri[];
    readonly reason: string;
  },
): Promise<Head> {
  const { member, identity, link } = context;
  const { state, former, users, reason } = wanted;
  const { hub, hubKey } = state;
  if (hubKey === undefined) throw new Error("A generation names the key of its hub.");
  const group = groupUriOf(room.uri, roomOfGroup(former).generation + 1);
  const roomState = encodeRoomState(state);
  const made = await createGroup(member, identity, { group, roomState, hubKey, hubDomain: hub });
  const founded: Founded = { group: made.group, users, reason, head: undefined };
  room.founded = founded;
  const { groupInfo, ratchetTree } = made;
  const request = updateRequestCodec.encode({ kind: "generation", groupInfo, ratchetTree });
  try {
    const response = await link.update(room.uri, request);
    if (response.code !== "success") {
      throw refusalOfResponse(response) ?? new Refusal("notAllowed", "the hub refused");
    }
    checkHead(context, room, response.head, hubKey);
    return response.head.head;
  } catch (error) {
    // If it was taken all the same, this client comes along as the others do.
    if (room.founded === founded) room.founded = undefined;
    throw error;
  }
}
