import { type Entry, TOMBSTONE_REASONS } from "@treehouse/protocol";

const reasons: readonly number[] = [TOMBSTONE_REASONS.rejected, TOMBSTONE_REASONS.expired];

/**
 * Whether it is a tombstone for an entry that only the server which has it could not have (FED-209). Others
 * may have the entry itself: to take this in its place would lose it here, too.
 */
export function isMissing(entry: Entry): boolean {
  return entry.kind === "tombstone" && reasons.includes(entry.reason);
}
