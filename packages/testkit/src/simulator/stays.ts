import type { Log } from "./read-logs.ts";
import type { Told } from "./scene.ts";

/** Who is in from a position on, exclusively, up to another, inclusively; with the first epoch. */
export type Stay = { readonly after: number; readonly epoch: number; upTo: number };

export function staysOf(client: string, log: Log): readonly Stay[] {
  const stays: Stay[] = [];
  for (const { entry, position } of log.rows) {
    if (entry.kind !== "commit" || log.isVoid(position)) continue;
    for (const { client: changed, change } of entry.leafChanges) {
      if (changed !== client) continue;
      const last = stays.at(-1);
      // Without an entry that adds it, it was in from the beginning.
      if (change === "removed" && last === undefined) {
        stays.push({ after: 0, epoch: 0, upTo: position });
      }
      if (change === "removed" && last !== undefined) last.upTo = position;
      if (change === "added")
        stays.push({ after: position, epoch: entry.epoch + 1, upTo: Infinity });
    }
  }
  // Without an entry that adds it, it founded the room.
  const first = log.rows.findIndex(({ entry }) => entry.kind === "commit");
  if (stays.length === 0 || first < 0) stays.push({ after: 0, epoch: 0, upTo: Infinity });
  return stays;
}

/**
 * Whether somebody tells that they missed all of a stay: they had no Welcome, as their server had the commit
 * that added them from others, and were taken out again before they had come in by a commit of their own.
 */
export function isMissedStay(
  { position, text }: Pick<Told, "position" | "text">,
  { after, upTo }: Stay,
): boolean {
  return after >= position && upTo <= missedThrough(text);
}

/** Whether somebody tells that they missed this entry, and that commits were taken back in that time. */
export function isMissedByVoid(
  log: Log,
  { position, text }: Pick<Told, "position" | "text">,
  at: number,
): boolean {
  const through = missedThrough(text);
  if (at < position || at > through) return false;
  return log.rows.some(
    (row) => row.entry.kind === "void" && row.position >= position && row.position <= through,
  );
}

/**
 * Whether somebody was out behind a commit that is void now, and out for good by another one before they
 * had come in again: what was said meanwhile is not theirs, whatever the void says afterwards.
 */
export function isBehindVoidRemoval(
  client: string,
  log: Log,
  { after, upTo }: Stay,
  at: number,
): boolean {
  if (upTo === Infinity) return false;
  return log.rows.some(
    ({ entry, position }) =>
      entry.kind === "commit" &&
      log.isVoid(position) &&
      position > after &&
      position < at &&
      entry.leafChanges.some((one) => one.client === client && one.change === "removed"),
  );
}

function missedThrough(text: string): number {
  return Number(/^gap to (\d+): missed$/u.exec(text)?.[1] ?? -1);
}
