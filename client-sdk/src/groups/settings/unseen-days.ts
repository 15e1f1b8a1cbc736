import {
  type Bytes,
  decodeRoomState,
  encodeLeafLifetime,
  LEAF_LIFETIME_COMPONENT,
  leafLifetimeOf,
  LIMITS,
  Refusal,
} from "@treehouse/protocol";

import { capabilitiesOf, type GroupsContext, type Room, loadGroup } from "../room/index.ts";
import { encodeComponent } from "../changing/index.ts";

/** For how many days a room waits for its clients, as its state has it in this epoch. */
export function unseenDaysIn(context: GroupsContext, room: Room): Promise<number | undefined> {
  return room.serial.run(async () =>
    leafLifetimeOf(decodeRoomState((await loadGroup(context, room)).roomState())),
  );
}

/** Refuses `limitExceeded`, and `notAllowed` where the own role may not change it. */
export function unseenDaysWish(
  context: GroupsContext,
  room: Room,
  days: number | undefined,
): Promise<Bytes> {
  const [limitName, limit] = ["unseenDaysMax", LIMITS.unseenDaysMax] as const;
  if (days !== undefined && (!Number.isInteger(days) || days < 1 || days > limit)) {
    throw new Refusal("limitExceeded", `a conversation waits 1 to ${limit} days`, {
      limitName,
      limit,
    });
  }
  return room.serial.run(async () => {
    const may = capabilitiesOf(await loadGroup(context, room), context.self.user);
    if (!may("changeOtherComponents")) {
      throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
    }
    const data = encodeLeafLifetime(days ?? 0);
    return encodeComponent({ component: LEAF_LIFETIME_COMPONENT, data });
  });
}
