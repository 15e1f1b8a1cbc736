import type { MemberGroup } from "@treehouse/mls/member";
import { type ContentChange, formatAddress, roleOf, type UserUri } from "@treehouse/protocol";

import type { MessageRow } from "../../storage/index.ts";
import { type GroupsContext, type ReadMessage, type Room, viewOf } from "../room/index.ts";

/** What the store has to know of a message beside its body: so that it is found, counted and goes. */
export function facetsOf(
  { author, change, what, topic, expires }: ReadMessage,
  acceptedAt: number,
): Pick<MessageRow, "author" | "what" | "topic" | "expiresAt" | "expiresAfterMs"> {
  const ms = expires === undefined ? undefined : expires.seconds * 1000;
  return {
    author,
    what: change?.kind ?? what,
    topic,
    // A relative one begins when it was read, which is at once where there is nothing to read.
    expiresAt: expires?.relative === false ? Math.max(ms ?? 0, acceptedAt) : undefined,
    expiresAfterMs: expires?.relative === true ? ms : undefined,
  };
}

/** Whether it calls upon everyone, or upon a role. */
export function callsRoom({ mentions }: ReadMessage): boolean {
  return mentions !== undefined && (mentions.everyone || mentions.roles.length > 0);
}

/** Whether it names this user: by address, or, in a group for which its sender may speak, with others. */
export function names(
  { mentions }: ReadMessage,
  user: UserUri,
  group: MemberGroup | undefined,
): boolean {
  if (mentions === undefined) return false;
  if (mentions.users.includes(user)) return true;
  if (group === undefined) return false;
  return mentions.everyone || mentions.roles.includes(roleIn(group, user));
}

function roleIn(group: MemberGroup, user: UserUri): number {
  return roleOf(viewOf(group), user);
}

const toldMax = 100;

/** Says once in each run of the client, for each user and kind, that a bound keeps a flood out. */
export function tellContained(
  { env, events }: GroupsContext,
  room: Room,
  user: UserUri,
  what: ContentChange["kind"],
): void {
  const name = `${user} ${what}`;
  if (room.contained.has(name) || room.contained.size >= toldMax) return;
  room.contained.add(name);
  env.log.warn("flood.contained", { what });
  events.emit("contained", { room: room.uri, user, address: formatAddress(user), what });
}
