import {
  type Bytes,
  LIMITS,
  Refusal,
  type SubmitMessageRequest,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { settled, standingBy } from "../health/index.ts";
import {
  adoptedKey,
  answerExpiry,
  answerOnce,
  appendMessage,
  type Attempt,
  earlierAnswer,
  hasMoved,
  MOVED,
  type Request,
} from "../room/index.ts";
import { checkSubmission, readSubmission } from "./submission.ts";

/**
 * Accepts one application message into a room's log and answers an encoded
 * `SubmitMessageResponse`. The same bytes from the same client are answered as they were first.
 *
 * Refusals: malformed, tooLarge, unknownRoom, notMember, removed, clientMismatch, notAllowed,
 * invalidMessage, epochTooOld, epochAhead, storageFull, queueFull, unavailable.
 */
export async function submitMessage(context: DeliveryContext, request: Request): Promise<Bytes> {
  checkLength(request.bytes);
  // Views of the request: nothing is copied before the message is written into its entry.
  const submitted = readSubmission(submitMessageRequestCodec.decode(request.bytes, "sliced"));
  const named = { ...request, near: submitted.lastPosition };
  try {
    return await answerOnce(context, named, (attempt) => {
      checkSubmission(attempt.hosted, request.caller, submitted, context.env.now());
      const upTo = standingBy(attempt.hosted, request.caller.user, submitted.epoch);
      const taking = { ...attempt, submitted: submitted.request, upTo };
      return context.database.transaction((tx) => accept(context, tx, taking));
    });
  } catch (error) {
    const key = adoptedKey(request.room, submitted.request.message);
    const adopted = await earlierAnswer(context, key, error);
    if (adopted === undefined) throw error;
    return adopted;
  }
}

type Taking = Attempt & {
  readonly submitted: SubmitMessageRequest;
  /** Commits up to this position stand with the message: its sender has applied them. */
  readonly upTo: number | undefined;
};

async function accept(
  context: DeliveryContext,
  tx: Tx,
  { hosted, key, submitted, upTo }: Taking,
): Promise<Bytes | typeof MOVED> {
  const { store, env, rooms } = context;
  const head = await store.head(tx, hosted.id);
  if (head === undefined || hasMoved(hosted, head)) return MOVED;
  const acceptedAt = env.now();
  const answer = submitMessageResponseCodec.encode({
    status: "accepted",
    acceptedAt,
    position: head.position + 1,
    frank: undefined,
  });
  if (!(await store.keepAnswer(tx, key, answer, answerExpiry(acceptedAt)))) {
    return (await store.answer(tx, key)) ?? MOVED;
  }
  const place = { hosted, after: head, acceptedAt, peers: hosted.peers };
  const end = await appendMessage(context, tx, place, submitted);
  if (upTo === undefined) {
    await store.moveHead(tx, hosted.id, end);
  } else {
    const next = settled(hosted, upTo);
    await store.settle(tx, hosted.id, upTo, { ...head, ...end, revision: next.revision });
    tx.afterCommit(() => rooms.put(next));
  }
  return answer;
}

/** A longer one could not be decoded either; this says why. */
function checkLength(request: Uint8Array): void {
  const limit = LIMITS.applicationMessageBytesMax;
  if (request.length <= limit + LIMITS.uriBytesMax + framingBytesMax) return;
  const data = { limitName: "applicationMessageBytesMax", limit };
  throw new Refusal("tooLarge", "The message is too large.", data);
}

/** Protocol, flags and the lengths of message and URI in a `SubmitMessageRequest`. */
const framingBytesMax = 8;
