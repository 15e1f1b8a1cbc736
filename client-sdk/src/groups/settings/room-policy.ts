import type { CapabilityName, RoomUri } from "@treehouse/protocol";

import {
  capabilitiesOf,
  speakingVerdict,
  type GroupsContext,
  loadGroup,
  peopleNoted,
  viewOf,
} from "../room/index.ts";
import {
  describePolicy,
  encodePolicyWish,
  type PolicyInfo,
  type PolicyWish,
} from "../governing/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import type { Intend } from "./room-life.ts";

type Done = { readonly position: number; readonly acceptedAt: number };

/** The rules of rooms. */
export interface RoomPolicy {
  /** As they stand in the epoch that this client is in. Refuses `removed`. */
  policy(room: RoomUri): Promise<PolicyInfo>;
  /** Whether the room's rules let this user do something now. Refuses `removed`. */
  may(room: RoomUri, capability: CapabilityName): Promise<boolean>;
  /** Whether this user may write there now. Refuses `removed`. */
  speaks(room: RoomUri): Promise<boolean>;
  /** Has them changed. Refuses `notAllowed`, `malformed`, `limitExceeded` and `versionUnsupported`. */
  setPolicy(room: RoomUri, wish: PolicyWish, reason?: string): Promise<Done>;
}

export function createRoomPolicy(
  context: GroupsContext,
  rooms: OpenRooms,
  intend: Intend,
): RoomPolicy {
  return {
    async policy(uri) {
      const room = await rooms.open(uri);
      return room.serial.run(async () => {
        const view = viewOf(await loadGroup(context, room));
        // The state names by hashes alone: who it is can be told of those whom this client knows.
        const known = await context.store.transaction((tx) => [
          ...tx.contacts.list().map(({ user }) => user),
          ...tx.rooms.list().flatMap((row) => peopleNoted(tx, row.room) ?? []),
        ]);
        return describePolicy(view, context.self.user, new Set(known));
      });
    },
    async may(uri, capability) {
      const room = await rooms.open(uri);
      return room.serial.run(async () =>
        capabilitiesOf(await loadGroup(context, room), context.self.user)(capability),
      );
    },
    speaks: async (uri) => (await speakingVerdict(context, await rooms.open(uri))).allowed,
    setPolicy: (uri, wish, reason) => intend(uri, "policy", encodePolicyWish(wish), reason),
  };
}
