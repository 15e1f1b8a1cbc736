import type { Bytes, Hash } from "../bytes/index.ts";
import { checked, struct, u32, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import type { LeafChange } from "./entry.ts";

export type RosterEntry = { readonly leaf: number; readonly client: ClientUri };

/** The clients of a group, strictly ascending by leaf index. */
export type Roster = readonly RosterEntry[];

export const rosterCodec: Codec<Roster> = checked(
  vector(struct<RosterEntry>({ leaf: u32, client: clientUriCodec }), {
    countMax: LIMITS.treeLeavesMax,
  }),
  (roster) => (isAscending(roster) ? undefined : "a roster that is not ascending by leaf"),
);

/** The hash that a commit's entry carries for the roster after it. */
export function rosterHash(roster: Roster, hash?: Hash): Bytes {
  return labelledHash(LABELS.rosterHash, rosterCodec.encode(roster), hash);
}

/**
 * The roster after a commit's leaf changes, applied in their order. "invalidCommit" if a removed
 * leaf is not that client's or an added leaf is taken.
 */
export function applyLeafChanges(roster: Roster, changes: readonly LeafChange[]): Roster {
  const clients = new Map(roster.map(({ leaf, client }) => [leaf, client]));
  for (const { leaf, client, change } of changes) {
    const present = clients.get(leaf);
    if (change === "removed" ? present !== client : present !== undefined) {
      throw new Refusal("invalidCommit", "leaf changes that do not fit the roster");
    }
    if (change === "removed") clients.delete(leaf);
    else clients.set(leaf, client);
  }
  return [...clients]
    .map(([leaf, client]) => ({ leaf, client }))
    .sort((left, right) => left.leaf - right.leaf);
}

function isAscending(roster: Roster): boolean {
  return roster.every(({ leaf }, index) => index === 0 || leaf > (roster[index - 1]?.leaf ?? -1));
}
