import { isEphemeralRequest } from "@treehouse/protocol";
import type { DeliveryContext } from "./context.ts";
import type { FollowedContext } from "./followed/index.ts";
import { foundRoom, reserveRoom } from "./founding/index.ts";
import { listRooms, readGroupInfo, readTree } from "./reading/index.ts";
import type { HealthWatch } from "./health/index.ts";
import { leaveRoom } from "./leaving/index.ts";
import type { Moves } from "./moves/index.ts";
import type { Operations } from "./operations.ts";
import { submitEphemeral, submitMessage } from "./messages/index.ts";
import { updateRoom } from "./handshakes/index.ts";

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
