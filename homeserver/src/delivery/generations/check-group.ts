import { registerGroup } from "@treehouse/mls/public";
import type { PublicGroup } from "@treehouse/mls/public";
import { decodeRoomState, groupUriOf, Refusal } from "@treehouse/protocol";
import type { ClientUri, Predecessor, RoomState, RoomUri } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";

/** A group with which a room may go on, as far as it can be judged by itself. */
export type NewGeneration = {
  readonly group: PublicGroup;
  readonly state: RoomState;
  readonly predecessor: Predecessor;
  readonly founder: ClientUri;
};

/** The group of one leaf, its client's own, that follows the generation of this number. */
export async function readGeneration(
  { crypto }: Pick<DeliveryContext, "crypto">,
  made: {
    readonly groupInfo: Uint8Array<ArrayBuffer>;
    readonly ratchetTree: Uint8Array<ArrayBuffer>;
    readonly at: number;
  },
  wanted: { readonly room: RoomUri; readonly former: number; readonly client: ClientUri },
): Promise<NewGeneration> {
  const group = await registerGroup({ crypto }, made);
  if (group.group !== groupUriOf(wanted.room, wanted.former + 1) || group.epoch !== 0) {
    throw new Refusal("claimInvalid", "The group is not the next one of this room.");
  }
  const [founder, ...others] = group.roster;
  if (founder === undefined || others.length > 0) {
    throw new Refusal("claimInvalid", "A generation begins with one client.");
  }
  if (founder.client !== wanted.client) {
    throw new Refusal("clientMismatch", "The group's leaf is not the session's client.");
  }
  const state = decodeRoomState(group.roomState);
  if (state.predecessor === undefined) {
    throw new Refusal("claimInvalid", "The group follows no other.");
  }
  return { group, state, predecessor: state.predecessor, founder: founder.client };
}
