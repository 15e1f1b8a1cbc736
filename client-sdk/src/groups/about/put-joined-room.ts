import type { MemberGroup } from "@treehouse/mls/member";
import type { Bytes, RoomState, RoomUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { GroupsContext } from "../room/index.ts";
import { named, openMetadata } from "./room-about.ts";
import { aboutOf, decodeDetails, encodeDetails } from "./room-details.ts";
import { noMetadataKey } from "./room-names.ts";

type JoinedRoom = {
  readonly group: MemberGroup;
  readonly state: RoomState;
  /** That may open what the room says of itself; the first that does is kept. */
  readonly metadataKeys: readonly (Bytes | undefined)[];
  readonly joinedEpoch: number;
};

/**
 * Writes a room that this client is in from now on, with its group, in place of what was there. What
 * no key opens keeps its former name until another client of the user has noted the key (`nameRooms`).
 */
export function putJoinedRoom(
  { env }: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  { group, state, metadataKeys, joinedEpoch }: JoinedRoom,
): void {
  const known = tx.rooms.get(room);
  const former = known === undefined ? named("") : aboutOf(decodeDetails(known.details));
  const opening = metadataKeys
    .filter((key) => key !== undefined)
    .map((key) => ({ key, about: openMetadata(room, key, state.metadata) }))
    .find(({ about }) => about !== undefined);
  tx.rooms.deleteGroup(room);
  tx.rooms.put({
    room,
    template: state.template,
    status: "joined",
    createdAt: known?.createdAt ?? env.now(),
    details: encodeDetails({
      version: 1,
      ...(opening?.about ?? former),
      metadataKey: opening?.key ?? noMetadataKey,
      joinedEpoch,
      foundRequest: undefined,
    }),
  });
  tx.rooms.changeGroupRows(room, group.takeChanges());
}
