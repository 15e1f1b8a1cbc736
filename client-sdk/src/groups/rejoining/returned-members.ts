import type { MemberGroup } from "@treehouse/mls/member";
import { authorize, type RoomUri, userOfClient, type UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import {
  policyBefore,
  type GroupsContext,
  type Rollback,
  type Room,
  parseEvent,
} from "../room/index.ts";
import { encodeUsers, settledState } from "../changing/index.ts";

/** How the people in a room changed because its hub went back in time. */
export type MemberDifference = {
  /** Were out, and are in again: they would read what is said. */
  readonly returned: readonly UserUri[];
  /** Were brought in by this user, and are no more. */
  readonly missing: readonly UserUri[];
};

/** Compares the group that this client held with the one that it came back into. */
export function memberDifference(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  change: {
    readonly before: ReadonlySet<UserUri>;
    readonly after: MemberGroup;
    readonly rollback: Pick<Rollback, "from">;
  },
): MemberDifference {
  const present = new Set(change.after.members().map(({ user }) => user));
  const { self } = context;
  const forgotten = tx.messages
    .eventsWithin(room.uri, change.rollback.from, room.cursor.position)
    .map(({ body }) => parseEvent(body))
    .filter((event) => event.kind === "membership");
  const brought = new Set(forgotten.flatMap(({ by, added }) => (by === self.user ? added : [])));
  // Others who were not there before were added since: they are there by somebody's will.
  const removed = new Set(forgotten.flatMap((event) => event.removed));
  for (const user of change.before) removed.delete(user);
  for (const user of room.hub.returned) removed.add(user);
  return {
    returned: [...removed].filter((user) => present.has(user)),
    missing: [...brought].filter((user) => change.before.has(user) && !present.has(user)),
  };
}

/** Whether the room's policy lets this client's user remove those users. */
export function mayRemove(
  { self }: GroupsContext,
  group: MemberGroup,
  users: readonly UserUri[],
): boolean {
  const { view, pendingRemovals } = policyBefore(group);
  const leaves = group
    .members()
    .filter(({ user, leaf }) => users.includes(user) || pendingRemovals.includes(leaf));
  const verdict = authorize(
    view,
    { kind: "member", user: self.user },
    {
      added: [],
      removed: leaves.map(({ leaf, client }) => ({ leaf, user: userOfClient(client) })),
      stateAfter: settledState(
        group,
        leaves.map(({ leaf }) => leaf),
      ),
      pendingRemovals,
    },
  );
  return verdict.allowed;
}

/** Stores the wish to have users in or out again; answers its number. */
export function addMemberIntent(
  { env }: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  kind: "add" | "remove",
  users: readonly UserUri[],
): number {
  return tx.intents.add({ room, kind, createdAt: env.now(), body: encodeUsers(users) });
}
