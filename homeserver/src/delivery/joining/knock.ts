import { groupInfoResponseCodec, mayKnock, Refusal } from "@treehouse/protocol";
import type { Bytes, Knock } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { appendEntry, hasMoved } from "../log.ts";
import type { Caller } from "../ports.ts";
import { busy } from "../request.ts";
import type { Request } from "../request.ts";
import type { HostedRoom } from "../room.ts";

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

/** Tells everybody in the room, by an entry of its log; the answer says that it was taken. */
export async function takeKnock(
  context: DeliveryContext,
  { caller, room }: Request,
  { key }: Knock,
): Promise<Bytes> {
  const { store, env, database, rooms } = context;
  for (let count = 0; count < attemptsMax; count += 1) {
    const hosted = await rooms.get(room);
    const isTaken = await database.transaction(async (tx) => {
      const head = await store.head(tx, hosted.id);
      if (head === undefined || hasMoved(hosted, head)) return false;
      const place = { hosted, after: head, acceptedAt: env.now(), peers: hosted.peers };
      const body = { kind: "knock", user: caller.user, key } as const;
      await store.moveHead(tx, hosted.id, await appendEntry(context, tx, place, body));
      return true;
    });
    if (isTaken) return groupInfoResponseCodec.encode({ status: "notAuthorized", room });
    rooms.drop(hosted);
  }
  throw busy();
}

const attemptsMax = 16;
