import type { ClientUri, LeafChange, Roster } from "@treehouse/protocol";

/** Takes leaf changes back, last first; undefined if they do not lead to this roster. */
export function rosterBefore(after: Roster, changes: readonly LeafChange[]): Roster | undefined {
  const clients = new Map<number, ClientUri>(after.map(({ leaf, client }) => [leaf, client]));
  for (const { leaf, client, change } of changes.toReversed()) {
    const there = clients.get(leaf);
    if (change === "added" ? there !== client : there !== undefined) return undefined;
    if (change === "added") clients.delete(leaf);
    else clients.set(leaf, client);
  }
  return [...clients]
    .map(([leaf, client]) => ({ leaf, client }))
    .toSorted((left, right) => left.leaf - right.leaf);
}
