import {
  type Bytes,
  checkKnock,
  equalBytes,
  groupInfoResponseCodec,
  mayKnock,
  Refusal,
} from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import {
  appendEntry,
  busy,
  hasMoved,
  type HostedRoom,
  type ListedClientKeys,
  type Request,
} from "../room/index.ts";
import type { Caller } from "../ports.ts";

/**
 * Whether a user who is not in the room may knock there (FED-1090). Says nothing about who is in the
 * room, or whether anybody will hear it. Refuses `notMember`, `banned` and `rateLimited`.
 */
export function checkMayKnock(
  { outsiders }: Pick<DeliveryContext, "outsiders">,
  { room, view }: HostedRoom,
  { user }: Caller,
): void {
  const verdict = mayKnock(view, user);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  outsiders.takeKnock(user, room);
}

/**
 * Tells everybody in the room, by an entry of its log, who knocks and with which key: as the client has
 * signed it (FED-1097), under the identity that its user's client list names; the answer says that it
 * was taken. Refuses `malformed`, `clientMismatch` and `identityInvalid`.
 */
export async function takeKnock(
  context: DeliveryContext,
  { caller, room }: Request,
  knock: Bytes,
  listed: ListedClientKeys,
): Promise<Bytes> {
  const { store, env, database, rooms } = context;
  checkOwn(context, { caller, room }, knock, listed);
  for (let count = 0; count < attemptsMax; count += 1) {
    const hosted = await rooms.get(room);
    const isTaken = await database.transaction(async (tx) => {
      const head = await store.head(tx, hosted.id);
      if (head === undefined || hasMoved(hosted, head)) return false;
      const place = { hosted, after: head, acceptedAt: env.now(), peers: hosted.peers };
      const body = { kind: "knock", knock } as const;
      await store.moveHead(tx, hosted.id, await appendEntry(context, tx, place, body));
      return true;
    });
    if (isTaken) return groupInfoResponseCodec.encode({ status: "notAuthorized", room });
    rooms.drop(hosted);
  }
  throw busy();
}

/** Whoever knocks is the caller, and is so under no other key than the user has. */
function checkOwn(
  { crypto, env }: Pick<DeliveryContext, "crypto" | "env">,
  { caller, room }: Pick<Request, "caller" | "room">,
  knock: Bytes,
  listed: ListedClientKeys,
): void {
  const { client, signatureKey, identityKey, number } = checkKnock(knock, {
    room,
    at: env.now(),
    verify: (key, message, signature) => crypto.verify(key, message, signature),
  });
  if (client !== caller.client) {
    throw new Refusal("clientMismatch", "The knock names another client.");
  }
  const fits =
    equalBytes(signatureKey, listed.signatureKey) &&
    equalBytes(identityKey, listed.identityKey) &&
    number >= listed.number;
  if (!fits) throw new Refusal("identityInvalid", "The knock is of another key than the user's.");
}

const attemptsMax = 16;
