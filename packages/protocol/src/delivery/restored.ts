import type { Entry } from "./entry.ts";
import { TOMBSTONE_REASONS } from "./entry.ts";

/** What a restored hub says at the beginning of its term (FED-957). */
export type Restored = {
  /** Of the last entry that it still has. */
  readonly position: number;
  /** It has no GroupInfo to give: nobody comes in, or back, before somebody commits (FED-1117). */
  readonly needsCommit: boolean;
};

const needsCommitWord = " commit";

/** FED-957: the detail of the tombstone with which the term of a restored hub begins. */
export function restoredDetail({ position, needsCommit }: Restored): string {
  return `${position}${needsCommit ? needsCommitWord : ""}`;
}

/** What such a tombstone says; undefined for any other entry, and for what cannot be read. */
export function readRestored(entry: Entry): Restored | undefined {
  if (entry.kind !== "tombstone" || entry.reason !== TOMBSTONE_REASONS.restored) return undefined;
  const needsCommit = entry.detail.endsWith(needsCommitWord);
  const digits = needsCommit ? entry.detail.slice(0, -needsCommitWord.length) : entry.detail;
  if (!/^(?:0|[1-9]\d{0,15})$/.test(digits)) return undefined;
  const position = Number(digits);
  return position < entry.position ? { position, needsCommit } : undefined;
}
