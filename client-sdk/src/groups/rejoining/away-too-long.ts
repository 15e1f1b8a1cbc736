import type { CommitResult, GroupMember } from "@treehouse/mls/member";
import { type ClientUri, leafLifetimeOf, type RoomUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { type PolicyBefore, type GroupsContext, type Room, tellFaultAt } from "../room/index.ts";

/** How a client is out that the hub has proposed because nobody had seen it for long (FED-1152). */
export type Absence = "comesBack" | "mustBeAdded";

/**
 * Whether a commit has taken this client out for having been away: the room waits only so long, the
 * hub had proposed it, and the client is still one of its user's. Undefined for all other reasons.
 */
export function absenceOf(
  self: { readonly client: ClientUri; readonly listed: ReadonlySet<ClientUri> },
  before: PolicyBefore,
  former: readonly Pick<GroupMember, "leaf" | "client" | "user">[],
  result: CommitResult,
): Absence | undefined {
  const own = former.find(({ client }) => client === self.client);
  if (!result.removedSelf || own === undefined) return undefined;
  const isDue = before.pendingRemovals.includes(own.leaf);
  if (!isDue || leafLifetimeOf(before.view.state) === undefined) return undefined;
  if (!self.listed.has(self.client)) return undefined;
  const gone = new Set(result.removed.map(({ leaf }) => leaf));
  const others = former.filter(({ user, leaf }) => user === own.user && !gone.has(leaf));
  return others.length > 0 ? "comesBack" : "mustBeAdded";
}

const setting = (room: RoomUri) => `comes back ${room}`;

/** Also after a restart: this client comes into the room again by a commit of its own. */
export function noteComingBack(tx: LocalTx, room: RoomUri): void {
  tx.settings.put(setting(room), new Uint8Array(1));
}

export function isComingBack(tx: LocalTx, room: RoomUri): boolean {
  return tx.settings.get(setting(room)) !== undefined;
}

export function endComingBack(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(setting(room));
}

export function tellAbsence(
  context: GroupsContext,
  room: Room,
  position: number,
  absence: Absence,
): void {
  if (absence === "comesBack") room.lost = true;
  const next =
    absence === "comesBack"
      ? "It comes back by itself; what was said meanwhile is missing here."
      : "Somebody in it can add you again.";
  const text = `This client was away for longer than the conversation waits, and is out. ${next}`;
  tellFaultAt(context, room, position, "awayTooLong", text);
}
