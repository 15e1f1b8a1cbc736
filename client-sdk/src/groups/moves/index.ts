import type { Bytes, Domain, RoomUri } from "@treehouse/protocol";

import type { IntentKind } from "../../storage/index.ts";
import type { GroupsContext } from "../room/index.ts";
import type { Done } from "../index.ts";
import { askHub, encodeHub } from "./hub-wish.ts";

/** Which server orders a room, as its members choose. */
export interface HubChanges {
  /** Has another server order the room. Refuses `notAllowed`, and what that server says. */
  handOver(room: RoomUri, hub: Domain): Promise<Done>;
}

export function createHubChanges(
  context: GroupsContext,
  intend: (room: RoomUri, kind: IntentKind, body: Bytes) => Promise<Done>,
): HubChanges {
  return {
    async handOver(room, hub) {
      await askHub(context, room, hub);
      return intend(room, "hub", encodeHub(hub));
    },
  };
}
