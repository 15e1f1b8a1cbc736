import { type RoomUri, utf8Decode, utf8Encode } from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { Alarm } from "../groups/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { idsMax, type Telling, tellStatus } from "./conversation/index.ts";

/** What comes within this time is said at once. */
const gatheringMs = 300;

/**
 * Tells the others in small conversations what has reached this client, gathered, if the user wishes that:
 * what is said to sixteen people is answered by sixteen messages.
 */
export function tellDeliveries(
  parts: Telling & {
    readonly events: Events<ClientEvents>;
    readonly alarm: Alarm;
    readonly failed: (error: unknown) => void;
  },
): void {
  const { alarm, events, failed, store } = parts;
  const waiting = new Set<RoomUri>();
  const tellAll = async (): Promise<void> => {
    const rooms = [...waiting];
    waiting.clear();
    for (const room of rooms) {
      const ids = await store.transaction((tx) => undelivered(tx, room));
      await tellStatus(parts, room, ids, "delivered");
    }
  };
  events.on("stored", ({ room }) => {
    waiting.add(room);
    alarm.set(gatheringMs, () => {
      tellAll().catch(failed);
    });
  });
}

/** What came behind what was said before, which is noted as said; at first only the newest. */
function undelivered(tx: LocalTx, room: RoomUri): readonly string[] {
  if (!tx.preferences.get().deliveryReceipts || tx.rooms.get(room)?.status !== "joined") return [];
  const upTo = tx.cursors.get(room)?.position ?? 0;
  const name = `delivered ${room}`;
  const said = tx.settings.get(name);
  const after = said === undefined ? upTo - 1 : Number(utf8Decode(said));
  if (upTo <= after) return [];
  tx.settings.put(name, utf8Encode(String(upTo)));
  return tx.unread.within(room, after, upTo, idsMax);
}
