import {
  type Bytes,
  decodeSafeAad,
  peekMlsMessage,
  Refusal,
  type SubmitMessageRequest,
} from "@treehouse/protocol";
import { refuseFormer } from "../generations/former-group.ts";
import { checkMessageEpoch } from "./epoch-window.ts";
import type { Caller } from "../ports.ts";
import type { HostedRoom } from "../room/index.ts";

/** A submitted message with what its framing says. */
export type Submission = {
  readonly request: SubmitMessageRequest;
  readonly groupId: string;
  readonly epoch: number;
  /** The last position that its sender says to have applied; 0 if it does not say. */
  readonly lastPosition: number;
};

/** Refuses with `malformed` or `invalidMessage` what is no message in any room. */
export function readSubmission(request: SubmitMessageRequest): Submission {
  const framing = peekMlsMessage(request.message, "sliced");
  if (framing.wireFormat !== "private" || framing.contentType !== "application") {
    throw new Refusal("invalidMessage", "Only encrypted application messages are submitted.");
  }
  const { groupId, epoch, authenticatedData } = framing;
  return { request, groupId, epoch, lastPosition: lastPositionIn(authenticatedData) };
}

/** Everything that can be judged of a message without its content, its room too (FED-924). */
export function checkSubmission(
  hosted: HostedRoom,
  caller: Caller,
  { request, groupId, epoch, lastPosition }: Submission,
  at: number,
): void {
  if (groupId !== hosted.group.group) {
    refuseFormer(hosted, caller, { groupId, epoch }, "epochTooOld");
  }
  checkSender(hosted, caller);
  checkSendingUser(hosted, caller, request, at);
  if (groupId !== hosted.group.group) {
    throw new Refusal("invalidMessage", "The message belongs to another group.");
  }
  if (lastPosition < hosted.termSince) {
    // Its epoch may be one that was lost, ahead of ours or with the number of one that there is.
    throw new Refusal("epochTooOld", "The sender has not seen that the hub was restored.", {
      currentEpoch: hosted.group.epoch,
    });
  }
  const undone = hosted.voids.findLast((one) => epoch > one.epoch && lastPosition < one.position);
  if (undone !== undefined) {
    throw new Refusal("epochTooOld", "The sender has not seen that the epoch is void.", {
      currentEpoch: hosted.group.epoch,
    });
  }
  checkMessageEpoch(hosted, epoch, at);
}

/** The message is in its sender's own name, who may send at this time. */
export function checkSendingUser(
  hosted: HostedRoom,
  caller: Caller,
  { sendingUri }: Pick<SubmitMessageRequest, "sendingUri">,
  at: number,
): void {
  if (sendingUri !== caller.user) {
    throw new Refusal("clientMismatch", "The message names another user as its sender.");
  }
  const verdict = hosted.sendingVerdict(caller.user, at);
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

function lastPositionIn(authenticatedData: Bytes): number {
  try {
    return decodeSafeAad(authenticatedData, "sliced").treehouse?.lastPosition ?? 0;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("invalidMessage", "The authenticated data is not SafeAAD.", {}, { cause });
  }
}
