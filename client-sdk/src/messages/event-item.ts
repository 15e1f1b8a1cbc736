import { formatAddress, type UserUri } from "@treehouse/protocol";

import type { AboutTold, RoomEvent } from "../groups/index.ts";

/** What stands between the messages of a conversation. */
export type EventItem =
  | {
      readonly kind: "membership";
      /** Absent where this client was away, and cannot tell. */
      readonly by: string | undefined;
      readonly added: readonly string[];
      readonly removed: readonly string[];
      /** Who came in with another identity key than the one known before. */
      readonly changedKeys: readonly string[];
      /** What the conversation says of itself since. */
      readonly about?: AboutTold | undefined;
      /** The server that the conversation is handed over to. */
      readonly server?: string | undefined;
      /** It has deleted the conversation for everybody. */
      readonly ended?: boolean | undefined;
      readonly reason?: string | undefined;
    }
  | {
      /** The conversation goes on with new keys, because its owners said so. */
      readonly kind: "reset";
      readonly generation: number;
      /** `hubGone`: its server was gone, and another one orders it since. */
      readonly reason: "reset" | "hubGone";
      /** Addresses of the owners. */
      readonly by: readonly string[];
      readonly server: string;
    }
  | { readonly kind: "fault"; readonly code: string; readonly text: string };

export function eventItem(event: RoomEvent): EventItem {
  if (event.kind === "fault") return { kind: "fault", code: event.code, text: event.text };
  if (event.kind === "reset") {
    return { ...event, by: event.by.map((user) => formatAddress(user)) };
  }
  return {
    kind: "membership",
    by: event.by && formatAddress(event.by),
    added: addressesOf(event.added),
    removed: addressesOf(event.removed),
    changedKeys: event.changedKeys.map((user) => formatAddress(user)),
    about: event.about,
    server: event.server,
    ended: event.ended,
    reason: event.reason,
  };
}

/** Each once: a store may name a user for each of their clients. */
function addressesOf(users: readonly UserUri[]): readonly string[] {
  return [...new Set(users)].map((user) => formatAddress(user));
}
