import type { GroupMember } from "@treehouse/mls/member";
import { type Bytes, equalBytes, formatAddress, type UserUri } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";

/**
 * Pins the identity keys of users seen for the first time. Another key than the pinned one in an
 * accepted commit raises an alarm: to refuse the commit now would fork the group (architecture §4).
 */
export async function pinMembers(
  context: GroupsContext,
  room: Room,
  members: readonly GroupMember[],
): Promise<void> {
  const seen = new Map<UserUri, Bytes>(
    members.map(({ user, identity }) => [user, identity.certificate.identityKey]),
  );
  const changed = await context.store.transaction((tx) => {
    const others: UserUri[] = [];
    for (const [user, identityKey] of seen) {
      const known = tx.contacts.get(user);
      if (known === undefined) {
        const seenAt = context.env.now();
        // Version 0: a leaf was seen, and no client list yet.
        tx.contacts.put({ user, identityKey, listVersion: 0, listHash: new Uint8Array(), seenAt });
      } else if (!equalBytes(known.identityKey, identityKey)) {
        others.push(user);
      }
    }
    return others;
  });
  for (const user of changed) {
    const text =
      `${formatAddress(user)} is here with another identity key than before. ` +
      "Ask that person by other means before you write anything.";
    const { position } = room.cursor;
    context.events.emit("fault", { room: room.uri, position, code: "identityChanged", text });
  }
}
