import { type PublicGroup, registerGroup } from "@treehouse/mls/public";
import {
  authorizeFounding,
  type Bytes,
  decodeRoomState,
  type Domain,
  equalBytes,
  firstPrevious,
  type FoundRoomRequest,
  foundRoomRequestCodec,
  foundRoomResponseCodec,
  groupUriOf,
  LIMITS,
  Refusal,
  roomView,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import {
  answerExpiry,
  checkListedClient,
  earlierAnswer,
  type Request,
  requestKey,
  signedHeadOf,
} from "../room/index.ts";
import { insertGroup } from "./insert-group.ts";
import { FIRST_GENERATION, FIRST_TERM, roomsFull } from "./reserve.ts";
import type { Reservation } from "../store/index.ts";

/**
 * Begins a reserved room with the group that its founder has made: one leaf, epoch 0, the state of
 * its template. Answers an encoded `FoundRoomResponse`; repeats are answered as they were first.
 *
 * Refusals: malformed, unknownRoom, roomExists, reservationExpired, notAllowed, clientMismatch,
 * identityInvalid, invalidCommit, limitExceeded, roomsFull, storageFull.
 */
export async function foundRoom(context: DeliveryContext, request: Request): Promise<Bytes> {
  const key = requestKey({ ...request, near: 0 });
  try {
    const decoded = foundRoomRequestCodec.decode(request.bytes);
    const at = context.env.now();
    const reservation = await reservationFor(context, request, at);
    const group = await checkGroup(context, request, reservation, decoded, at);
    return await context.database.transaction((tx) =>
      write(context, tx, { request, key, reservation, group, at }),
    );
  } catch (error) {
    const earlier = await earlierAnswer(context, key, error);
    if (earlier === undefined) throw error;
    return earlier;
  }
}

async function reservationFor(
  { database, store }: DeliveryContext,
  { room, caller }: Request,
  at: number,
): Promise<Reservation> {
  return database.read(async (tx) => {
    const reservation = await store.reservation(tx, room);
    if (reservation === undefined) {
      const exists = (await store.room(tx, room)) !== undefined;
      throw exists
        ? new Refusal("roomExists", "The room has been founded.")
        : new Refusal("unknownRoom", "No such room is reserved here.");
    }
    // Whose reservation it is, is nobody else's business.
    if (reservation.user !== caller.user) {
      throw new Refusal("unknownRoom", "No such room is reserved here.");
    }
    if (reservation.expiresAt <= at) {
      throw new Refusal("reservationExpired", "The reservation has expired.");
    }
    return reservation;
  });
}

async function checkGroup(
  { crypto, domain }: DeliveryContext,
  { room, caller }: Request,
  reservation: Reservation,
  { groupInfo, ratchetTree }: FoundRoomRequest,
  at: number,
): Promise<PublicGroup> {
  const group = await registerGroup({ crypto }, { groupInfo, ratchetTree, at });
  if (group.group !== groupUriOf(room, FIRST_GENERATION) || group.epoch !== 0) {
    throw new Refusal("invalidCommit", "The group is not the first one of this room.");
  }
  const [founder, ...others] = group.roster;
  if (founder === undefined || others.length > 0) {
    throw new Refusal("notAllowed", "A room begins with one client of its founder.");
  }
  if (founder.client !== caller.client) {
    throw new Refusal("clientMismatch", "The founder's leaf is not the session's client.");
  }
  checkExternalSenders(group, { domain, key: reservation.hubPublicKey });
  const state = decodeRoomState(group.roomState);
  if (state.template !== reservation.template) {
    throw new Refusal("notAllowed", "The room was reserved for another template.");
  }
  const verdict = authorizeFounding(roomView(state, group.roster), {
    founder: caller.user,
    hub: domain,
    term: FIRST_TERM,
    hubKey: reservation.hubPublicKey,
  });
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  return group;
}

/** The hub, and nobody else, may propose from outside. */
export function checkExternalSenders(
  group: PublicGroup,
  hub: { readonly domain: Domain; readonly key: Bytes },
): void {
  const [first, ...others] = group.externalSenders;
  const isHub =
    first !== undefined && first.identity === hub.domain && equalBytes(first.signatureKey, hub.key);
  if (!isHub || others.length > 0) {
    throw new Refusal("invalidCommit", "The hub is not the group's only external sender.");
  }
}

type Founding = {
  readonly request: Request;
  readonly key: Bytes;
  readonly reservation: Reservation;
  readonly group: PublicGroup;
  readonly at: number;
};

async function write(
  context: DeliveryContext,
  tx: Tx,
  { request, key, reservation, group, at }: Founding,
): Promise<Bytes> {
  const { store, roomLog, crypto } = context;
  const { caller, room } = request;
  if ((await store.reservation(tx, room)) === undefined) {
    throw (await store.room(tx, room)) === undefined
      ? new Refusal("reservationExpired", "The reservation has expired.")
      : new Refusal("roomExists", "The room has been founded.");
  }
  await checkListedClient(context, tx, { group, remote: new Map(), isNew: true }, caller.client);
  if ((await store.countRoomsOf(tx, caller.user)) >= LIMITS.roomsPerUserMax) throw roomsFull();
  const start = { position: 0, hash: firstPrevious };
  const hubKey = { privateKey: reservation.hubPrivateKey, publicKey: reservation.hubPublicKey };
  const named = { room, generation: FIRST_GENERATION, term: FIRST_TERM, termSince: 0 };
  const founded = { ...named, hubKey, group };
  await insertGroup(context, tx, { room: founded, point: start, at, entered: false });
  await store.deleteReservation(tx, room);
  await roomLog.subscribe(tx, { client: caller.client, room, after: 0 });
  const answer = foundRoomResponseCodec.encode({
    acceptedAt: at,
    head: signedHeadOf(crypto, founded, start).signed,
  });
  await store.keepAnswer(tx, key, answer, answerExpiry(at));
  return answer;
}
