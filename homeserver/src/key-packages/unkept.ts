import type { Bytes } from "@treehouse/protocol";
import type { Transaction } from "./answer-store.ts";

/**
 * Transactions whose answer gave nothing away. Such an answer is found anew each time and need not
 * be kept; which request it was is remembered for a while, in memory, under a bound: whoever asks in
 * vain fills no disk.
 */
export interface Unkept {
  requestHash(transaction: Transaction): Bytes | undefined;
  note(transaction: Transaction, requestHash: Bytes): void;
}

const transactionsMax = 20_000;

export function createUnkept(): Unkept {
  // In the order in which they came; the oldest make room.
  const hashes = new Map<string, Bytes>();
  return {
    requestHash: (transaction) => hashes.get(keyOf(transaction)),
    note(transaction, requestHash) {
      hashes.set(keyOf(transaction), requestHash);
      if (hashes.size <= transactionsMax) return;
      for (const eldest of hashes.keys()) {
        hashes.delete(eldest);
        return;
      }
    },
  };
}

function keyOf({ peer, id }: Transaction): string {
  return `${peer} ${id}`;
}
