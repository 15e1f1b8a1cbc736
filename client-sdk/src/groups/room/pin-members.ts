import type { GroupMember } from "@treehouse/mls/member";
import { equalBytes, formatAddress, Refusal, type UserUri } from "@treehouse/protocol";

import { isAccepted, type LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";
import { loadGroup } from "./load-group.ts";
import { unvouchedMembers } from "./unvouched.ts";

/**
 * Pins the identity keys of users seen for the first time; answers who is there with another key
 * than the pinned one. To refuse such a commit would fork the group: it raises an alarm, and stops
 * sending (architecture §4).
 */
export function pinMembers(
  { env }: GroupsContext,
  tx: LocalTx,
  members: readonly GroupMember[],
): readonly UserUri[] {
  const keys = new Map(
    members.map(({ user, identity }) => [user, identity.certificate.identityKey]),
  );
  const changed = [...keys].flatMap(([user, key]) => {
    const sighting = tx.contacts.see(user, key, env.now());
    return sighting === "other" || sighting === "otherAgain" ? [user] : [];
  });
  noteKeyNumbers(tx, members);
  return changed;
}

/**
 * Remembers under which device-signing keys members are there: a client list under an earlier one is
 * old from then on, whoever shows it (decision 0021).
 */
export function noteKeyNumbers(tx: LocalTx, members: readonly GroupMember[]): void {
  for (const { user, identity } of members) {
    const { identityKey, number } = identity.certificate;
    const known = tx.contacts.get(user);
    if (known === undefined || known.keyNumber >= number) continue;
    if (!equalBytes(known.identityKey, identityKey)) continue;
    tx.contacts.put({ ...known, keyNumber: number });
  }
}

export function tellChangedKeys(
  { events }: GroupsContext,
  room: Room,
  users: readonly UserUri[],
): void {
  for (const user of users) {
    const address = formatAddress(user);
    const text = changedKeyText(user);
    const { position } = room.cursor;
    events.emit("fault", { room: room.uri, position, code: "identityChanged", text });
    events.emit("identityAlarm", { user, address, kind: "keyChanged", text });
  }
}

export function unvouchedText(users: readonly UserUri[]): string {
  const names = users.map((user) => formatAddress(user)).join(", ");
  return (
    `${names} came into the conversation while this client was away, on the word of nobody whom it ` +
    "knew: the server may have made it up. Ask somebody in it by other means before you accept them."
  );
}

export function changedKeyText(user: UserUri): string {
  return (
    `${formatAddress(user)} is here with another identity key than before. ` +
    "Ask that person by other means before you write anything."
  );
}

/**
 * Refuses `identityInvalid` while a member is here with a key that the user has not accepted, or on the
 * word of nobody whom this client knew, unless the user has chosen otherwise. Call it in the room's
 * `serial`.
 */
export async function checkKeysAccepted(context: GroupsContext, room: Room): Promise<void> {
  const group = await loadGroup(context, room);
  const members = group.members();
  const { changed, unvouched } = await context.store.transaction((tx) => {
    if (!tx.preferences.get().blockOnKeyChange) return { changed: undefined, unvouched: [] };
    const known = new Map(tx.contacts.list().map((row) => [row.user, row]));
    return {
      changed: members.find(({ user, identity }) => {
        const row = known.get(user);
        return row !== undefined && !isAccepted(row, identity.certificate.identityKey);
      })?.user,
      unvouched: unvouchedMembers(tx, room.uri, group),
    };
  });
  if (unvouched.length > 0) {
    throw new Refusal("identityInvalid", `nothing was sent: ${unvouchedText(unvouched)}`);
  }
  if (changed === undefined) return;
  const address = formatAddress(changed);
  throw new Refusal(
    "identityInvalid",
    `nothing was sent: ${address} is here with another identity key than before, which you have ` +
      "not accepted yet",
  );
}
