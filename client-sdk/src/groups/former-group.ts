import { type Bytes, decodeRoomState, Refusal, type UserUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { loadGroup } from "./load-group.ts";

/** The group that this client cannot follow any more, as far as it says what may come after it. */
export type FormerGroup = {
  readonly epoch: number;
  readonly hubKey: Bytes | undefined;
  readonly term: number;
  readonly users: ReadonlySet<UserUri>;
  /** The key by which each of them was known. */
  readonly identities: ReadonlyMap<UserUri, Bytes>;
};

/** Undefined when there is none, or it cannot be read. */
export function readFormerGroup(
  context: GroupsContext,
  room: Room,
): Promise<FormerGroup | undefined> {
  return room.serial.run(async () => {
    try {
      const group = await loadGroup(context, room);
      const { hubKey, term } = decodeRoomState(group.roomState());
      const identities = new Map(
        group.members().map(({ user, identity }) => [user, identity.certificate.identityKey]),
      );
      const users = new Set(identities.keys());
      return { epoch: group.epoch, hubKey, term, users, identities };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return undefined;
    }
  });
}
