import {
  type Contact,
  domainOf,
  type LimitName,
  LIMITS,
  nameOf,
  Refusal,
  type RoomUri,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { mayFind } from "../privacy/index.ts";
import { ask, hasTooManyRooms, isOpen } from "./relation.ts";
import { refuseIfBlocked, sideOf } from "./side-of.ts";
import type { Side } from "./store.ts";
import { takeTurn, type Turn } from "./turn.ts";

export type RequestedContact = {
  readonly user: UserUri;
  readonly room: RoomUri | undefined;
  readonly note: string;
};

/**
 * Asks a user for leave to add them, in any room or in one. Asking for any room gives the same leave
 * back; asking again asks again. Whether the other one is blocking, has declined or, on another
 * server, exists, cannot be told from the answer.
 *
 * Refuses `notAllowed`, `unknownUser` (of this server), `malformed`, `limitExceeded`, `peerDenied`.
 */
export function requestContact(
  context: AuthenticationContext,
  actor: UserUri,
  { user, room, note }: RequestedContact,
): Promise<Contact> {
  checkNote(note);
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    await refuseIfBlocked(turn, side);
    await refuseUnknown(turn, user, actor);
    const rows = await turn.rows(side);
    const outcome = ask(rows, room, note);
    const opens = outcome.rows.filter(isOpen).length > rows.filter(isOpen).length;
    if (opens) await refuseTooMany(turn, side);
    if (rows.length === 0) await refuseTooManyContacts(turn, side);
    if (hasTooManyRooms(outcome.rows)) throw tooMany("contactRoomsMax");
    await turn.settle(side, rows, outcome);
  });
}

export async function refuseTooManyContacts(turn: Turn, { owner }: Side): Promise<void> {
  const { users } = await turn.context.contacts.count(turn.tx, owner);
  if (users >= LIMITS.contactsPerUserMax) throw tooMany("contactsPerUserMax");
}

export function tooMany(limitName: LimitName): Refusal {
  const limit = LIMITS[limitName];
  return new Refusal("limitExceeded", "there are too many contacts or open requests", {
    limitName,
    limit,
  });
}

async function refuseTooMany({ context, tx }: Turn, { owner, user }: Side): Promise<void> {
  const { contacts, domain } = context;
  const { asked } = await contacts.count(tx, owner);
  if (asked >= LIMITS.contactRequestsOpenMax) throw tooMany("contactRequestsOpenMax");
  const peer = domainOf(user);
  if (peer === domain) return;
  if ((await contacts.countAskedAt(tx, peer)) >= LIMITS.contactRequestsPerPeerMax) {
    throw tooMany("contactRequestsPerPeerMax");
  }
}

/** Of this server's own users who may be found it may be known whether they exist (`findUser`). */
async function refuseUnknown({ context, tx }: Turn, user: UserUri, asker: UserUri): Promise<void> {
  if (domainOf(user) !== context.domain) return;
  const account = await context.store.account(tx, nameOf(user));
  if ((await mayFind(context, tx, user, { kind: "user", user: asker })) && account) return;
  throw new Refusal("unknownUser", "there is no user with this address");
}

function checkNote(note: string): void {
  if (!note.isWellFormed() || note.includes("\0")) {
    throw new Refusal("malformed", "a note is well-formed text without NUL");
  }
  if (utf8Encode(note).length <= LIMITS.consentNoteBytesMax) return;
  throw new Refusal("limitExceeded", "the note is too long", {
    limitName: "consentNoteBytesMax",
    limit: LIMITS.consentNoteBytesMax,
  });
}
