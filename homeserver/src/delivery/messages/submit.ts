import { type Bytes, LIMITS, Refusal, submitMessageRequestCodec } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { standingBy } from "../health/index.ts";
import { adoptedKey, answerOnce, earlierAnswer, type Request } from "../room/index.ts";
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
      return context.intake.take({ ...attempt, submitted: submitted.request, upTo });
    });
  } catch (error) {
    const key = adoptedKey(request.room, submitted.request.message);
    const adopted = await earlierAnswer(context, key, error);
    if (adopted === undefined) throw error;
    return adopted;
  }
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
