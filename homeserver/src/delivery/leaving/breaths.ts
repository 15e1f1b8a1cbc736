import { Refusal } from "@treehouse/protocol";
import type { Cancel, RoomUri } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { proposeDue } from "./leave.ts";

/**
 * FED-212: the time that a room is given after a commit until the next removals are proposed. Members
 * commit what is proposed before they send, so that without it nobody could say a word while many go.
 */
export interface Breaths {
  /** Removals wait in this room: they are proposed after a while. */
  begin(room: RoomUri): void;
  /** Proposes at once what waits anywhere and is not about to be proposed. */
  look(): Promise<void>;
  close(): Promise<void>;
}

const breathMs = 2_000;
const roomsPerStep = 100;

export function createBreaths(
  context: () => DeliveryContext,
  isUnsettled: (room: RoomUri) => boolean,
): Breaths {
  const waiting = new Map<RoomUri, Cancel>();
  const running = new Set<Promise<void>>();
  let closed = false;

  async function propose(room: RoomUri): Promise<void> {
    if (closed || isUnsettled(room)) return;
    try {
      await proposeDue(context(), room);
    } catch (error) {
      // The room may have ended meanwhile; whatever else it was, the next look tries again.
      if (error instanceof Refusal) return;
      context().env.log.warn("proposalsFailed", errorFields(error));
    }
  }

  function follow(work: Promise<void>): void {
    running.add(work);
    void work.finally(() => running.delete(work));
  }

  return {
    begin(room) {
      if (closed || waiting.has(room)) return;
      const cancel = context().env.timer(breathMs, () => {
        waiting.delete(room);
        follow(propose(room));
      });
      waiting.set(room, cancel);
    },
    async look() {
      const { database, store } = context();
      const rooms = await database.read((tx) => store.roomsToPropose(tx, roomsPerStep));
      for (const room of rooms) if (!waiting.has(room)) await propose(room);
    },
    async close() {
      closed = true;
      for (const cancel of waiting.values()) cancel();
      await Promise.all(running);
    },
  };
}
