import type { ClientUri } from "@treehouse/protocol";

import { type GroupsContext, type Room, type HubRecord, writeHubRecord } from "../room/index.ts";
import { repeatMessages } from "../saying/index.ts";
import { pump } from "../pump/index.ts";

/** Those who come back do so within minutes; after this long, nobody is waited for any more. */
const returningMs = 60 * 60 * 1000;
/** Many come back at about the same time: once for all of them. */
const quietMs = 2_000;
const quietMaxMs = 10 * 60 * 1000;
/** Nobody is owed a repetition twice, and no crowd has the room say everything for ever. */
const servedMax = 256;

/**
 * A member came back by an external commit at this position. After a restore that is one whose group
 * was ahead of the hub's: what was said, or said again, between the restore and its return it could
 * not read. So everybody says their own part of it once more, under the ids that it has; whoever has
 * it drops it. That is done once for each client that comes back: anybody can come back at will.
 */
export function withReturn(
  hub: HubRecord,
  { client, position: upTo }: { readonly client: ClientUri; readonly position: number },
  now: number,
): HubRecord {
  const { setBack, missedBy, served } = hub;
  const lately = setBack !== undefined && now - setBack.at < returningMs;
  if (!lately || served.includes(client) || served.length >= servedMax) {
    return missedBy === undefined ? hub : { ...hub, missedBy: { ...missedBy, upTo } };
  }
  const from = Math.min(setBack.from, missedBy?.from ?? setBack.from);
  return { ...hub, missedBy: { from, upTo }, served: [...served, client] };
}

/** How long to wait before the next repetition: the longer, the more there were lately. */
export function quietFor({ repeats }: HubRecord, now: number): number {
  const count = now - repeats.at < returningMs ? repeats.count : 0;
  return Math.min(quietMaxMs, quietMs * 2 ** Math.min(count, 16));
}

/** Says in a while what is owed to those who came back, if anything is. */
export function repeatSoon(context: GroupsContext, room: Room): void {
  if (room.hub.missedBy === undefined) return;
  room.repeating.set(quietFor(room.hub, context.env.now()), () => {
    repeat(context, room).catch((error: unknown) => {
      context.env.log.warn("repeating.failed", { error: String(error) });
      repeatSoon(context, room);
    });
  });
}

async function repeat(context: GroupsContext, room: Room): Promise<void> {
  await room.serial.run(async () => {
    const { missedBy, repeats, returned } = room.hub;
    // Who had been removed and is back must not hear it; the commit that ends that asks again.
    if (missedBy === undefined || returned.length > 0) return;
    const { from, upTo } = missedBy;
    const at = context.env.now();
    const count = at - repeats.at < returningMs ? repeats.count + 1 : 1;
    const record = {
      ...room.hub,
      missedBy: undefined,
      repeats: { count: Math.min(count, 255), at },
    };
    await context.store.transaction((tx) => {
      repeatMessages(context, tx, room.uri, from, upTo);
      writeHubRecord(tx, room.uri, record);
    });
    room.hub = record;
  });
  pump(context, room);
}
