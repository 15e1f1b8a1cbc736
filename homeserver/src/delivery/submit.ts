import {
  decodeSafeAad,
  LIMITS,
  peekMlsMessage,
  Refusal,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type { Bytes, SubmitMessageRequest } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { DeliveryContext } from "./context.ts";
import { checkMessageEpoch } from "./epoch-window.ts";
import { appendMessage, hasMoved } from "./log.ts";
import type { Caller } from "./ports.ts";
import { answerExpiry, answerOnce, MOVED } from "./request.ts";
import type { Attempt, Request } from "./request.ts";
import type { HostedRoom } from "./room.ts";

/**
 * Accepts one application message into a room's log and answers an encoded
 * `SubmitMessageResponse`. The same bytes from the same client are answered as they were first.
 *
 * Refusals: malformed, tooLarge, unknownRoom, notMember, removed, clientMismatch, notAllowed,
 * invalidMessage, epochTooOld, epochAhead, storageFull, queueFull, unavailable.
 */
export async function submitMessage(context: DeliveryContext, request: Request): Promise<Bytes> {
  const submitted = decodeSubmission(request.bytes);
  return answerOnce(context, request, (attempt) => {
    checkSubmission(attempt.hosted, request.caller, submitted, context.env.now());
    return context.database.transaction((tx) => accept(context, tx, attempt, submitted));
  });
}

/** Views of the request: nothing is copied before the message is written into its entry. */
export function decodeSubmission(bytes: Uint8Array): SubmitMessageRequest {
  return submitMessageRequestCodec.decode(bytes, "sliced");
}

/** Everything that can be judged of a message without its content. */
export function checkSubmission(
  hosted: HostedRoom,
  caller: Caller,
  submitted: SubmitMessageRequest,
  at: number,
): void {
  checkSender(hosted, caller);
  if (submitted.sendingUri !== caller.user) {
    throw new Refusal("clientMismatch", "The message names another user as its sender.");
  }
  if (submitted.ephemeral) {
    throw new Refusal("notAllowed", "Ephemeral messages are not taken here.");
  }
  const peeked = peekMlsMessage(submitted.message);
  if (peeked.wireFormat !== "private" || peeked.contentType !== "application") {
    throw new Refusal("invalidMessage", "Only encrypted application messages are submitted.");
  }
  if (submitted.message.length > LIMITS.applicationMessageBytesMax) {
    const limit = LIMITS.applicationMessageBytesMax;
    const name = "applicationMessageBytesMax";
    throw new Refusal("tooLarge", "The message is too large.", { limitName: name, limit });
  }
  if (peeked.groupId !== hosted.group.group) {
    throw new Refusal("invalidMessage", "The message belongs to another group.");
  }
  checkMessageEpoch(hosted, peeked.epoch, at);
  checkAuthenticatedData(peeked.authenticatedData);
  const verdict = hosted.sendingVerdict(caller.user);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
}

/** The session's own client has a leaf which is not about to be removed. Answers the leaf. */
export function checkSender(hosted: HostedRoom, caller: Caller): number {
  const leaf = hosted.leafOf.get(caller.client);
  if (leaf === undefined) throw new Refusal("notMember", "This client is not in the room.");
  if (hosted.removals.has(leaf)) {
    throw new Refusal("removed", "This client leaves the room; nothing is taken from it.");
  }
  return leaf;
}

async function accept(
  { store, roomLog, env }: DeliveryContext,
  tx: Tx,
  { hosted, key }: Attempt,
  submitted: SubmitMessageRequest,
): Promise<Bytes | typeof MOVED> {
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
  const end = await appendMessage(roomLog, tx, { hosted, after: head, acceptedAt }, submitted);
  await store.moveHead(tx, hosted.id, end);
  return answer;
}

function checkAuthenticatedData(data: Bytes | undefined): void {
  try {
    decodeSafeAad(data ?? new Uint8Array(0));
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("invalidMessage", "The authenticated data is not SafeAAD.", {}, { cause });
  }
}
