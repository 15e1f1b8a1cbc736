import { readStateOf } from "@treehouse/mls/public";
import { decodeRoomState, domainOf, Refusal } from "@treehouse/protocol";
import type { Bytes, Domain, RoomUri } from "@treehouse/protocol";
import type { FollowedContext } from "./context.ts";
import { hopsMax, movedTo } from "./forward.ts";

/**
 * Whether a server that introduces a room is its hub (FED-1129): it founded it, or the one that did
 * says so, from hub to hub. A founder that cannot be reached may be gone for good, and keeps nobody
 * out: then it is believed as far as a client of this server comes as it expects.
 */
export async function isIntroducer(
  { followed, hubs, domain }: Pick<FollowedContext, "followed" | "hubs" | "domain">,
  peer: Domain,
  room: RoomUri,
): Promise<boolean> {
  let asked = domainOf(room);
  const known = await followed.get(room);
  if (known !== undefined) return known.hub === peer;
  for (let hops = 0; asked !== peer; hops += 1) {
    if (asked === domain || hops > hopsMax) return false;
    let next: Domain | undefined;
    try {
      // Who follows the room, and has members in it together with this server, says where it stands.
      const { groupInfo } = await hubs.standing(asked, room);
      next = groupInfo && hubIn(groupInfo);
    } catch (error) {
      next = movedTo(error);
      if (next === undefined) return error instanceof Refusal && error.code === "peerUnreachable";
    }
    if (next === undefined || next === asked) return false;
    asked = next;
  }
  return true;
}

function hubIn(groupInfo: Bytes): Domain | undefined {
  try {
    return decodeRoomState(readStateOf(groupInfo).roomState).hub;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
