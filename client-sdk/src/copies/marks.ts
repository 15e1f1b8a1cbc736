import { type Bytes, concatBytes, equalBytes, LIMITS } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";

export const markLength = 16;

const name = "store marks";

/** Puts a mark behind those that this store has named, and answers them all, the newest last. */
export function addMark(tx: LocalTx, mark: Bytes): readonly Bytes[] {
  const known = read(tx);
  const last = known.at(-1);
  if (last !== undefined && equalBytes(last, mark)) return known;
  const marks = [...known, mark].slice(-LIMITS.storeMarksMax);
  tx.settings.put(name, concatBytes(...marks));
  return marks;
}

function read(tx: LocalTx): readonly Bytes[] {
  const bytes = tx.settings.get(name) ?? new Uint8Array();
  const count = Math.floor(bytes.length / markLength);
  return Array.from({ length: count }, (_, at) =>
    bytes.slice(at * markLength, (at + 1) * markLength),
  );
}
