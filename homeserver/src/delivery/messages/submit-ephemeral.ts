import {
  type Bytes,
  encodeEntry,
  ephemeralMessageCodec,
  firstPrevious,
  LIMITS,
  Refusal,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { checkMessageEpoch } from "./epoch-window.ts";
import type { HostedRoom, Request } from "../room/index.ts";
import { checkSender, checkSendingUser } from "./submission.ts";

/**
 * Passes one ephemeral message on to whoever is connected, here and at the other servers, and
 * answers an encoded `SubmitMessageResponse` with position 0. Nothing is written, so that the same
 * octets again are passed on again: receivers let each count once (FED-860).
 *
 * Refusals: malformed, tooLarge, unknownRoom, notMember, removed, clientMismatch, notAllowed,
 * muted, invalidMessage, epochTooOld, epochAhead, unavailable.
 */
export async function submitEphemeral(
  { rooms, roomLog, ephemerals, env }: DeliveryContext,
  { caller, room, bytes }: Request,
): Promise<Bytes> {
  checkLength(bytes.length - framingBytesMax);
  const request = submitMessageRequestCodec.decode(bytes, "sliced");
  checkLength(request.message.length);
  const { group, epoch } = ephemeralMessageCodec.decode(request.message, "sliced");
  const hosted = await rooms.get(room);
  checkSender(hosted, caller);
  const acceptedAt = env.now();
  checkSendingUser(hosted, caller, request, acceptedAt);
  if (group !== hosted.group.group) {
    throw new Refusal("invalidMessage", "The message belongs to another group.");
  }
  checkMessageEpoch(hosted, epoch, acceptedAt);
  const entry = entryOf(hosted, acceptedAt, request.message);
  roomLog.pass(room, entry);
  for (const peer of hosted.peers) ephemerals.send(peer, entry);
  const answer = { status: "accepted", acceptedAt, position: 0, frank: undefined } as const;
  return submitMessageResponseCodec.encode(answer);
}

function entryOf(
  { room, generation, term }: HostedRoom,
  acceptedAt: number,
  message: Bytes,
): Bytes {
  return encodeEntry({
    kind: "application",
    ephemeral: true,
    room,
    generation,
    term,
    position: 0,
    previous: firstPrevious,
    acceptedAt,
    message,
    frank: undefined,
  });
}

/** Protocol, flags, lengths and the sender's URI in a `SubmitMessageRequest`. */
const framingBytesMax = LIMITS.uriBytesMax + 8;

function checkLength(length: number): void {
  const limitName = "ephemeralMessageBytesMax";
  const limit = LIMITS[limitName];
  if (length <= limit) return;
  throw new Refusal("tooLarge", "The ephemeral message is too large.", { limitName, limit });
}
