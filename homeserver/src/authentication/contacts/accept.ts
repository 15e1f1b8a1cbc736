import { Refusal } from "@treehouse/protocol";
import type { Contact, RoomUri, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";
import { accept, hasTooManyRooms } from "./relation.ts";
import type { Row } from "./relation.ts";
import { tooMany } from "./request.ts";
import { refuseIfBlocked, sideOf } from "./side-of.ts";
import { takeTurn } from "./turn.ts";

/**
 * Lets in who asks: as they ask, or with a room for that room alone. Accepting again changes
 * nothing. Without a request there is nothing to accept, so that nobody lets in a stranger by a slip
 * of the pen.
 *
 * Refuses `notFound`, `notAllowed` and `limitExceeded`.
 */
export function acceptContact(
  context: AuthenticationContext,
  actor: UserUri,
  { user, room }: { readonly user: UserUri; readonly room: RoomUri | undefined },
): Promise<Contact> {
  const side = sideOf(actor, user);
  return takeTurn(context, side, async (turn) => {
    await refuseIfBlocked(turn, side);
    const rows = await turn.rows(side);
    const outcome = accept(rows, room);
    const given = rows.some((row) => row.given && (room === undefined || covers(row, room)));
    if (outcome.said.length === 0 && !given) {
      throw new Refusal("notFound", "no request of this user is open");
    }
    if (hasTooManyRooms(outcome.rows)) throw tooMany("contactRoomsMax");
    await turn.settle(side, rows, outcome);
  });
}

function covers(row: Row, room: RoomUri): boolean {
  return row.room === undefined || row.room === room;
}
