import { type Bytes, decodeRoomState, Refusal, type UserUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { loadGroup } from "./load-group.ts";

/** The group that this client cannot follow any more, as far as it says what may come after it. */
export type FormerGroup = {
  readonly epoch: number;
  readonly hubKey: Bytes | undefined;
  readonly users: ReadonlySet<UserUri>;
};

/** Undefined when there is none, or it cannot be read. */
export function readFormerGroup(
  context: GroupsContext,
  room: Room,
): Promise<FormerGroup | undefined> {
  return room.serial.run(async () => {
    try {
      const group = await loadGroup(context, room);
      const { hubKey } = decodeRoomState(group.roomState());
      const users = new Set(group.members().map(({ user }) => user));
      return { epoch: group.epoch, hubKey, users };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return undefined;
    }
  });
}
