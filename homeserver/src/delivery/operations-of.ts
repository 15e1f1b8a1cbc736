import { isEphemeralRequest } from "@treehouse/protocol";
import type { DeliveryContext } from "./context.ts";
import type { FollowedContext } from "./followed/context.ts";
import { foundRoom } from "./found.ts";
import { readGroupInfo } from "./group-info.ts";
import type { HealthWatch } from "./health/index.ts";
import { leaveRoom } from "./leave.ts";
import { listRooms } from "./list-rooms.ts";
import type { Moves } from "./moves/index.ts";
import type { Operations } from "./operations.ts";
import { reserveRoom } from "./reserve.ts";
import { submitEphemeral } from "./submit-ephemeral.ts";
import { submitMessage } from "./submit.ts";
import { readTree } from "./tree.ts";
import { updateRoom } from "./update.ts";

/** What clients do with the rooms hosted here. */
export function operationsOf(
  context: DeliveryContext & FollowedContext & { readonly health: HealthWatch },
  moves: Moves,
): Operations {
  return {
    reserve: (caller, template) => reserveRoom(context, caller, template),
    found: (caller, room, bytes) => foundRoom(context, { caller, room, bytes }),
    update: (caller, room, bytes) => updateRoom(context, { caller, room, bytes }),
    submit: (caller, room, bytes) =>
      isEphemeralRequest(bytes)
        ? submitEphemeral(context, { caller, room, bytes })
        : submitMessage(context, { caller, room, bytes }),
    leave: (caller, room, leaver = "user") => leaveRoom(context, caller, room, leaver),
    tree: (caller, room, epoch) => readTree(context, caller, room, epoch),
    groupInfo: (caller, room, bytes) => readGroupInfo(context, { caller, room, bytes }),
    hubOffer: (caller, room, hub) => moves.ask(caller, room, hub),
    rooms: (caller) => listRooms(context, caller),
  };
}
