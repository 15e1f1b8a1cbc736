import type { ClientUri, UserUri } from "../identifiers/index.ts";
import { userOfClient } from "../identifiers/index.ts";
import type { RoomState } from "../room/index.ts";

/** A user with at least one leaf in the tree. */
export interface Participant {
  readonly user: UserUri;
  /** Leaf indices, ascending; a participant without any counts as absent. */
  readonly leaves: readonly number[];
}

/** All that a policy decision may depend on: the state in the GroupContext and the tree's users. */
export interface RoomView {
  readonly state: RoomState;
  /** Ascending by user, each once. */
  readonly participants: readonly Participant[];
  /** The highest rules version that each leaf's client knows (FED-745); 1 for whom it does not name. */
  readonly rulesKnown?: ReadonlyMap<number, number> | undefined;
}

/** The view of a room whose tree has these leaves, in any order. */
export function roomView(
  state: RoomState,
  roster: readonly {
    readonly leaf: number;
    readonly client: ClientUri;
    readonly rulesKnown?: number;
  }[],
): RoomView {
  const leaves = new Map<UserUri, number[]>();
  for (const { leaf, client } of roster) {
    const user = userOfClient(client);
    const known = leaves.get(user);
    if (known === undefined) leaves.set(user, [leaf]);
    else known.push(leaf);
  }
  const rulesKnown = new Map(
    roster.flatMap((one) =>
      one.rulesKnown === undefined ? [] : [[one.leaf, one.rulesKnown] as const],
    ),
  );
  return { state, participants: participantsOf(leaves), rulesKnown };
}

/** Sorted participants from a map of users to their leaves; users without a leaf are left out. */
export function participantsOf(
  leaves: ReadonlyMap<UserUri, readonly number[]>,
): readonly Participant[] {
  return [...leaves]
    .filter(([, own]) => own.length > 0)
    .map(([user, own]) => ({ user, leaves: own.toSorted((a, b) => a - b) }))
    .toSorted((a, b) => compareUsers(a.user, b.user));
}

/** URIs are ASCII, so the order of code units is the order of octets. */
export function compareUsers(a: UserUri, b: UserUri): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
