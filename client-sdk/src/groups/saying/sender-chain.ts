import {
  type Bytes,
  type ClientUri,
  componentOf,
  decodeSafeAad,
  formatAddress,
  fromHex,
  maskSenderLink,
  Refusal,
  type RoomUri,
  SENDER_CHAIN_COMPONENT,
  type SenderLink,
  toHex,
  unmaskSenderLink,
  userOfClient,
} from "@treehouse/protocol";

import type { ClientEvents } from "../../events/index.ts";
import type { LocalTx, SenderState } from "../../storage/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";

/** What is the matter with the place of a message among its sender's. */
export type OrderFinding = Omit<ClientEvents["senderOrder"], "room" | "position">;

/** Ranges that are remembered as missing of one client; older ones count as never sent. */
const missingRangesMax = 32;
const nonceLength = 16;
const none = new Uint8Array(32);
const fresh: SenderState = { counter: 0, messageId: "", missing: [], loose: true };

/**
 * The component that gives an own message its place (FED-826). It is stored with the request, so that
 * the counter is durable before the ciphertext leaves; it counts once the hub has taken the message, for
 * what is refused for good leaves no gap. A room has one message on its way at a time.
 */
export async function prepareLink(
  context: GroupsContext,
  room: Room,
  message: { readonly messageId: string; readonly salt: Bytes },
): Promise<{ readonly data: Bytes; note(tx: LocalTx, serial: number): void }> {
  const { client } = context.self;
  const own =
    (await context.store.transaction((tx) => tx.senderChains.get(room.uri, client))) ?? fresh;
  const { messageId, salt } = message;
  const counter = own.counter + 1;
  const previous = own.messageId === "" ? none : fromHex(own.messageId);
  const link = { counter, messageId: fromHex(messageId), previous };
  return {
    data: maskSenderLink(link, salt, context.env.random(nonceLength)),
    note(tx, serial) {
      const pending = { serial, counter, messageId };
      tx.senderChains.put(room.uri, client, { ...own, pending });
    },
  };
}

/** The hub has taken what this intent wished: by its answer or by the echo, whichever comes first. */
export function settleLink(
  context: GroupsContext,
  room: Room,
  tx: LocalTx,
  intent: { readonly serial: number },
): void {
  const { client } = context.self;
  const own = tx.senderChains.get(room.uri, client);
  if (own?.pending?.serial === intent.serial) passPending(tx, room.uri, client);
}

/**
 * Entries were passed over, and the answer to what is on its way may be among what was lost: others may
 * have read it at its number, which is given to nothing else, not even to itself when it is sent again.
 */
export function passPending(tx: LocalTx, room: RoomUri, client: ClientUri): void {
  const own = tx.senderChains.get(room, client);
  if (own?.pending === undefined) return;
  const { pending, ...rest } = own;
  const { counter, messageId } = pending;
  tx.senderChains.put(room, client, { ...rest, counter, messageId });
}

/**
 * The place that a message has by its authenticated data, which its sender's leaf has signed; undefined
 * where an older release sent it. Refuses `malformed`, and `invalidMessage` where it belongs to another
 * message (T-14, FED-828).
 */
export function linkOf(
  authenticatedData: Bytes,
  message: { readonly messageId: string; readonly salt: Bytes },
): SenderLink | undefined {
  const data = componentOf(decodeSafeAad(authenticatedData).others, SENDER_CHAIN_COMPONENT);
  if (data === undefined) return undefined;
  const link = unmaskSenderLink(data, message.salt);
  if (toHex(link.messageId) === message.messageId) return link;
  throw new Refusal("invalidMessage", "the message has the place of another one");
}

/**
 * A client has come back by new keys: it may have been put back to a backup, and not know how many
 * messages it has sent (FED-828).
 */
export function loosenAfterReturn(tx: LocalTx, room: RoomUri, client: ClientUri): void {
  tx.senderChains.put(room, client, fresh);
}

/**
 * How far the own counter leaps where it may have been further in another copy of this store: those who
 * have not seen the return take no number twice.
 */
const leap = 1_000_000;

/** The same, of this client itself. */
export function leapAfterReturn(tx: LocalTx, room: RoomUri, client: ClientUri): void {
  const own = tx.senderChains.get(room, client);
  if (own === undefined) return;
  const { counter } = own;
  tx.senderChains.put(room, client, { ...fresh, counter: counter + leap });
}

/**
 * Takes a message into its sender's order, and answers what is wrong with it. `repeated` means that the
 * message does not count: its place is taken already, by itself or by another one.
 */
export function noteLink(
  tx: LocalTx,
  room: Room,
  client: ClientUri,
  link: SenderLink | undefined,
): OrderFinding | undefined {
  const state = tx.senderChains.get(room.uri, client);
  const head = { client, address: formatAddress(userOfClient(client)) };
  if (link === undefined) return undefined;
  const { counter } = link;
  const next = { counter, messageId: toHex(link.messageId), loose: false };
  if (state === undefined || state.loose) {
    tx.senderChains.put(room.uri, client, { ...next, missing: [] });
    return undefined;
  }
  if (counter > state.counter) {
    const from = state.counter + 1;
    const isGap = counter > from;
    const missing = isGap
      ? [...state.missing, [from, counter - 1] satisfies [number, number]].slice(-missingRangesMax)
      : state.missing;
    tx.senderChains.put(room.uri, client, { ...next, missing });
    if (isGap) return { ...head, kind: "gap", from, to: counter - 1 };
    const follows = toHex(link.previous) === state.messageId;
    return follows ? undefined : { ...head, kind: "forked", from: counter, to: counter };
  }
  const place = { ...head, from: counter, to: counter };
  if (!state.missing.some(([from, to]) => from <= counter && counter <= to)) {
    return { ...place, kind: "repeated" };
  }
  tx.senderChains.put(room.uri, client, { ...state, missing: without(state.missing, counter) });
  return { ...place, kind: "reordered" };
}

function without(
  ranges: readonly (readonly [number, number])[],
  counter: number,
): [number, number][] {
  return ranges.flatMap(([from, to]) => {
    if (counter < from || counter > to) return [[from, to]];
    const parts: [number, number][] = [
      [from, counter - 1],
      [counter + 1, to],
    ];
    return parts.filter(([start, end]) => start <= end);
  });
}
