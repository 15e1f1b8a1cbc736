import type { RoomUri } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { OutboxStore } from "./store.ts";

/** The numbers by which rows of the outbox name rooms. */
export interface RoomNumbers {
  of(tx: Tx, room: RoomUri): Promise<number> | number;
}

export function createRoomNumbers(
  store: Pick<OutboxStore, "roomNumber">,
  sizeMax: number,
): RoomNumbers {
  const numbers = new Map<RoomUri, number>();

  async function read(tx: Tx, room: RoomUri): Promise<number> {
    const number = await store.roomNumber(tx, room);
    if (numbers.size >= sizeMax) numbers.clear();
    numbers.set(room, number);
    // It may have been given just now.
    tx.afterRollback(() => numbers.delete(room));
    return number;
  }

  return { of: (tx, room) => numbers.get(room) ?? read(tx, room) };
}
