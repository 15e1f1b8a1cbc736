import { z } from "zod";

import type { DataEntries, DataEntry } from "../../storage/index.ts";

/**
 * Both as one: of each key the entry that was chosen later, and of two chosen at once the one whose
 * JSON is greater. Of what was read, the farther position counts, and of the backup the later version.
 * In whatever order clients merge, all come to the same.
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
  const orderOf = orders.find(([start]) => key.startsWith(start))?.[1] ?? (() => 0);
  const [position, other] = [entry, known].map(orderOf);
  if (position === undefined || other === undefined || position === other) {
    return isLater(entry, known);
  }
  return position > other;
}

/** What is no position is before all of them. */
function positionOf({ value }: DataEntry): number {
  return typeof value === "number" ? value : -1;
}

function versionOf({ value }: DataEntry): number {
  return z.object({ version: z.number() }).safeParse(value).data?.version ?? -1;
}

/** What only goes on, by how its keys begin: where time does not count. */
const orders = [
  ["read ", positionOf],
  ["backup head", versionOf],
] as const;

function isLater(entry: DataEntry, known: DataEntry): boolean {
  if (entry.at !== known.at) return entry.at > known.at;
  return JSON.stringify(entry.value) > JSON.stringify(known.value);
}
