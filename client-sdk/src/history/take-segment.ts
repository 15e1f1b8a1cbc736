import type { HistorySegment, UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { HistoryContext } from "./context.ts";
import { takeRow } from "./take-row.ts";

/** What became of the rows of something that was taken in. */
export type TakenCount = {
  readonly added: number;
  /** Were here already. */
  readonly known: number;
  /** Were here, and had been taken back there. */
  readonly erased: number;
  /** Not right, or past their time. */
  readonly refused: number;
};

export const nothingTaken: TakenCount = { added: 0, known: 0, erased: 0, refused: 0 };

export function sumOf(one: TakenCount, other: TakenCount): TakenCount {
  return {
    added: one.added + other.added,
    known: one.known + other.known,
    erased: one.erased + other.erased,
    refused: one.refused + other.refused,
  };
}

const rowsAtOnce = 500;

/** Takes in a segment, in steps between which other work of the store gets its turn. */
export async function takeSegment(
  context: HistoryContext,
  { rooms, rows }: HistorySegment,
  by: UserUri,
  hooks: {
    /** It is what the backup holds already: nothing of it is to be written there. */
    readonly isBackup?: boolean;
    /** In the last step's transaction. */
    readonly last?: (tx: LocalTx) => void;
  } = {},
): Promise<TakenCount> {
  const { env, self, store } = context;
  const teller = { self, by, now: env.now() };
  const counts = { added: 0, known: 0, erased: 0, refused: 0 };
  for (let at = 0; at === 0 || at < rows.length; at += rowsAtOnce) {
    await store.transaction((tx) => {
      const changed = hooks.isBackup === true ? tx.history.changed() : undefined;
      if (at === 0 && by === self) {
        for (const room of rooms) noteRoom(context, tx, room);
      }
      for (const row of rows.slice(at, at + rowsAtOnce)) {
        const room = rooms[row.room];
        if (room !== undefined) counts[takeRow(tx, teller, room.room, row)] += 1;
      }
      if (changed !== undefined) tx.history.keepChanged(changed);
      if (at + rowsAtOnce >= rows.length) hooks.last?.(tx);
    });
  }
  return counts;
}

function noteRoom(
  context: HistoryContext,
  tx: LocalTx,
  room: HistorySegment["rooms"][number],
): void {
  if (context.roomOf(tx, room.room) === undefined) tx.history.noteRoom(room);
}
