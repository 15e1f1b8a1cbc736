import type { Span } from "../../storage/index.ts";
import type { BackupSegment } from "./manifest.ts";

/** The end of the last segment: whatever comes is in it. */
export const endOfTime = Number.MAX_SAFE_INTEGER;

/** A part of the backup to be written anew, and what stands there now. */
export type Stretch = Span & { readonly now: BackupSegment | undefined };

/**
 * All stretches that the segments and the gaps between them make, in order: together they are all of
 * time, each either one segment or nothing.
 */
export function stretchesOf(segments: readonly BackupSegment[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  let from = 0;
  for (const now of segments) {
    if (now.from > from) stretches.push({ from, to: now.from, now: undefined });
    stretches.push({ from: now.from, to: now.to, now });
    from = now.to;
  }
  if (from < endOfTime) stretches.push({ from, to: endOfTime, now: undefined });
  return stretches;
}

/** Those in which something has changed since, by the spans that changed. */
export function touched(
  stretches: readonly Stretch[],
  changed: readonly Span[],
): readonly Stretch[] {
  return stretches.filter((one) => changed.some(({ from, to }) => from < one.to && one.from < to));
}
