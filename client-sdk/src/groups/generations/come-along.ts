import { roomOfGroup } from "@treehouse/protocol";

import {
  type GroupsContext,
  type Room,
  dropFirstWelcome,
  dropPastWelcomes,
  firstWelcome,
} from "../room/index.ts";
import { enterRoom } from "../entering/index.ts";
import { formerGroupOf } from "../rejoining/index.ts";
import { adoptFounded } from "./adopt-founded.ts";

const ownDelayMs = 250;

/**
 * What is to be done before this client comes into the next generation by a commit of its own. `done`: it
 * is in. A number: it waits so long, in ms, for whoever has begun may bring it in. Undefined: it is time.
 */
export async function comeAlong(
  context: GroupsContext,
  room: Room,
): Promise<"done" | number | undefined> {
  if (await adoptFounded(context, room)) return "done";
  // Its own group is on the way to the hub.
  if (room.founded !== undefined) return ownDelayMs;
  if (await enterByWelcome(context, room)) return "done";
  if (room.begun === undefined) return undefined;
  const waitMs = room.begun.comesAt - context.env.monotonic();
  return waitMs > 0 ? waitMs : undefined;
}

/** One of the same generation is of the membership after a removal that is still to be read. */
function enterByWelcome(context: GroupsContext, room: Room): Promise<boolean> {
  return room.serial.run(async () => {
    if (!room.lost) return false;
    const former = await formerGroupOf(context, room);
    // A new client of a member has no group that another could follow.
    if (former === undefined) return false;
    const { generation } = roomOfGroup(former.group);
    const waiting = await context.store.transaction((tx) => {
      dropPastWelcomes(tx, room.uri, { generation, position: room.cursor.position });
      return firstWelcome(tx, room.uri);
    });
    if (waiting === undefined || waiting.welcome.generation <= generation) return false;
    const entering = await enterRoom(context, room, waiting, (tx) =>
      dropFirstWelcome(tx, room.uri),
    );
    return entering === "done" && room.group?.group !== former.group;
  });
}
