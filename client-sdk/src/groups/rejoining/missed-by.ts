import type { Head } from "@treehouse/protocol";

import type { Renewal } from "../generations/renewal.ts";
import type { Rollback } from "../room/index.ts";

/** How far a room's log was read, and where the other generation begins, as far as that was read. */
type Reading = {
  readonly cursor: Pick<Head, "position">;
  readonly begun: { readonly at: Pick<Head, "position"> | undefined } | undefined;
};

/** Positions, both ends included. */
export type Missed = { readonly from: number; readonly to: number };

/**
 * What a client has not read that comes back at an entry which begins this epoch: whatever lies between, but
 * for the entries that only say that the room goes on elsewhere, and who has come back there.
 */
export function missedBy(
  { cursor, begun }: Reading,
  back: {
    readonly renewal: Pick<Renewal, "first"> | undefined;
    readonly rollback: Pick<Rollback, "to"> | undefined;
    readonly head: Pick<Head, "position">;
    readonly epoch: number;
  },
): readonly Missed[] {
  const { renewal, rollback, head, epoch } = back;
  const last = head.position - 1;
  if (renewal === undefined) {
    const from = (rollback?.to ?? cursor.position) + 1;
    // Right behind a jump stands the entry that declares it: nothing was missed by that alone.
    return last >= from + (rollback === undefined ? 0 : 1) ? [{ from, to: last }] : [];
  }
  const first = renewal.first ?? begun?.at?.position;
  if (first === undefined)
    return last > cursor.position ? [{ from: cursor.position + 1, to: last }] : [];
  // Where the hub is another one, the log jumps: nothing stands before its first entry.
  const before = renewal.first === undefined && first > cursor.position + 1;
  // A generation begins in epoch 0, and each of its commits is one entry.
  const isMore = head.position - first > epoch;
  return [
    ...(before ? [{ from: cursor.position + 1, to: first - 1 }] : []),
    ...(isMore ? [{ from: first + 1, to: last }] : []),
  ];
}
