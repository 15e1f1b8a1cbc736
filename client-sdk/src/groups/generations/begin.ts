import { createGroup } from "@treehouse/mls/member";
import {
  encodeRoomState,
  type GroupUri,
  groupUriOf,
  type Head,
  Refusal,
  refusalOfResponse,
  roomOfGroup,
  type RoomState,
  updateRequestCodec,
  type UserUri,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { checkHead } from "../rejoining/index.ts";
import type { Founded } from "./founded.ts";

type Made = {
  /** In which the group begins. */
  readonly state: RoomState;
  readonly former: GroupUri;
  /** Who was there before, and is to be brought back. */
  readonly users: readonly UserUri[];
  readonly reason: string;
};

/** Has the room go on with a group of this client; resolves once it is in that. */
export async function begin(
  context: GroupsContext,
  room: Room,
  { made, wake }: { readonly made: Made; readonly wake: (room: Room) => void },
): Promise<void> {
  const head = await found(context, room, made);
  const back = new Promise<void>((resolve, reject) => {
    room.returning.push({ resolve: () => resolve(), reject });
  });
  await room.serial.run(async () => {
    if (room.founded === undefined) return;
    room.founded = { ...room.founded, head };
    // What this client cannot follow brings it no entry that says where the room goes on.
    const isElsewhere = made.state.predecessor?.claim.reason === "hubGone";
    if (room.lost || isElsewhere || room.forked || room.halt !== undefined) {
      Object.assign(room, { lost: true, forked: false, halt: undefined });
    }
  });
  wake(room);
  await back;
}

/** Makes the group and has the room go on with it; answers where that is. */
async function found(
  context: GroupsContext,
  room: Room,
  { state, former, users, reason }: Made,
): Promise<Head> {
  const { member, identity, link } = context;
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
