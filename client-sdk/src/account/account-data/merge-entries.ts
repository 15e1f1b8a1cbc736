import type { DataEntries, DataEntry } from "../../storage/index.ts";

/**
 * Both as one: of each key the entry that was chosen later, and of two chosen at once the one whose
 * JSON is greater. Of what was read, the farther position counts. In whatever order clients merge, all
 * come to the same.
 */
export function mergeEntries(one: DataEntries, other: DataEntries): DataEntries {
  const merged = new Map(Object.entries(one));
  for (const [key, entry] of Object.entries(other)) {
    const known = merged.get(key);
    if (known === undefined || isAhead(key, entry, known)) merged.set(key, entry);
  }
  return Object.fromEntries([...merged].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isAhead(key: string, entry: DataEntry, known: DataEntry): boolean {
  const [position, other] = key.startsWith("read ") ? [entry, known].map(positionOf) : [0, 0];
  if (position === undefined || other === undefined || position === other) {
    return isLater(entry, known);
  }
  return position > other;
}

/** What is no position is before all of them. */
function positionOf({ value }: DataEntry): number {
  return typeof value === "number" ? value : -1;
}

function isLater(entry: DataEntry, known: DataEntry): boolean {
  if (entry.at !== known.at) return entry.at > known.at;
  return JSON.stringify(entry.value) > JSON.stringify(known.value);
}
