import { groupUriOf, LIMITS, mintRoomUri, Refusal } from "@treehouse/protocol";
import type { Bytes, GroupUri, RoomTemplate, RoomUri } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import type { Caller } from "../ports.ts";

/** Everything that a client needs to know before it can make the room's group. */
export type ReservedRoom = {
  readonly room: RoomUri;
  readonly group: GroupUri;
  /** External sender #0 of the group: the key that this server uses for this room alone. */
  readonly hubKey: Bytes;
  readonly term: number;
  /** When the name is given up, in ms since the Unix epoch. */
  readonly expiresAt: number;
};

/** The generation and the term with which every room begins. */
export const FIRST_GENERATION = 0;
export const FIRST_TERM = 1;

/** Names a new room and makes its hub key. Refusals: roomsFull, limitExceeded, storageFull. */
export async function reserveRoom(
  { env, crypto, database, store, domain }: DeliveryContext,
  caller: Caller,
  template: RoomTemplate,
): Promise<ReservedRoom> {
  const room = mintRoomUri(domain, (length) => env.random(length));
  const privateKey = env.random(hubKeyLength);
  const hubKey = crypto.ed25519PublicKey(privateKey);
  const expiresAt = await database.transaction(async (tx) => {
    const at = env.now();
    const open = await store.countReservations(tx, caller.user, at);
    if (open >= LIMITS.reservationsPerUserMax) {
      throw new Refusal("limitExceeded", "Too many rooms are reserved and not founded.", {
        limitName: "reservationsPerUserMax",
        limit: LIMITS.reservationsPerUserMax,
      });
    }
    if ((await store.countRoomsOf(tx, caller.user)) + open >= LIMITS.roomsPerUserMax) {
      throw roomsFull();
    }
    const reservation = {
      room,
      user: caller.user,
      template,
      hubPrivateKey: privateKey,
      hubPublicKey: hubKey,
      expiresAt: at + LIMITS.reservationMs,
    };
    await store.insertReservation(tx, reservation);
    return reservation.expiresAt;
  });
  return { room, group: groupUriOf(room, FIRST_GENERATION), hubKey, term: FIRST_TERM, expiresAt };
}

export function roomsFull(): Refusal {
  const limit = LIMITS.roomsPerUserMax;
  return new Refusal("roomsFull", "The user takes part in as many rooms as allowed.", {
    limitName: "roomsPerUserMax",
    limit,
  });
}

/** An Ed25519 private key is 32 random octets (RFC 8032 §5.1.5). */
const hubKeyLength = 32;
