import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes, RoomUri } from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { Caller } from "../ports.ts";
import type { HostedRoom } from "./room.ts";

/** The room moved between check and transaction: nothing was written, check again. */
export const MOVED = "moved";

/** One request of a client, in the form in which it is repeated. */
export type Request = {
  readonly caller: Caller;
  readonly room: RoomUri;
  readonly bytes: Uint8Array;
};

/** A request with something that it says itself and that grows as the room's log does. */
export type NamedRequest = Request & { readonly near: number };

/** A request that is to be judged, together with the name under which its answer is kept. */
export type Attempt = { readonly hosted: HostedRoom; readonly key: Bytes };

/**
 * Answers a request once: a request that was accepted before gets the same answer again, whatever
 * happened since, and has no second effect.
 *
 * `attempt` checks the request against the room as it is in memory, then compares and writes in
 * one transaction, which also keeps the answer. It is called again when the room moved between.
 */
export async function answerOnce(
  context: DeliveryContext,
  request: NamedRequest,
  attempt: (attempt: Attempt) => Promise<Bytes | typeof MOVED>,
): Promise<Bytes> {
  const key = requestKey(request);
  try {
    for (let count = 0; count < attemptsMax; count += 1) {
      const hosted = await context.rooms.get(request.room);
      const answer = await attempt({ hosted, key });
      if (answer !== MOVED) return answer;
      context.rooms.drop(hosted);
    }
  } catch (error) {
    const earlier = await earlierAnswer(context, key, error);
    if (earlier === undefined) throw error;
    return earlier;
  }
  throw busy();
}

/** What a refused request was answered when it was accepted, if it ever was. */
export async function earlierAnswer(
  context: DeliveryContext,
  key: Bytes,
  error: unknown,
): Promise<Bytes | undefined> {
  // What cannot be decoded was never accepted.
  if (!(error instanceof Refusal) || error.code === "malformed") return undefined;
  return context.database.read((tx) => context.store.answer(tx, key));
}

/**
 * Names a request: 192 bits of the SHA-256 over room, submitting client and the whole request,
 * after octets of the room and of `near`. Requests of one room and time thus lie together in the
 * index, or each would rewrite another page of it.
 */
export function requestKey({ room, caller, bytes, near }: NamedRequest): Bytes {
  const named = Buffer.allocUnsafe(room.length + caller.client.length + 2 + bytes.length);
  // URIs hold no NUL, so that no two requests give the same octets.
  const end = named.write(`${room}\0${caller.client}\0`, "latin1");
  named.set(bytes, end);
  const key = sha256(named);
  const view = new DataView(key.buffer);
  for (let index = 0; index < 4; index += 1) {
    key[index] = room.charCodeAt(room.length - 1 - index);
  }
  view.setUint32(4, near % 2 ** 32);
  return key;
}

/**
 * Names what a restored hub has adopted (FED-958): of the request that brought it, nothing but the
 * message is known.
 */
export function adoptedKey(room: RoomUri, message: Bytes): Bytes {
  const head = Buffer.from(`adopted\0${room}\0`, "latin1");
  return sha256(Buffer.concat([head, message]));
}

export function answerExpiry(acceptedAt: number): number {
  return acceptedAt + LIMITS.idempotencyKeptMs;
}

export function busy(): Refusal {
  return new Refusal("unavailable", "The room changes too fast.", { retryAfterMs: 100 });
}

/** A room that moves more often while one request is checked is given up for now. */
const attemptsMax = 16;
