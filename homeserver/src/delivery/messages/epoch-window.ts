import { LIMITS, Refusal, type UpdateFraming } from "@treehouse/protocol";
import type { HostedRoom } from "../room/index.ts";

/**
 * Application messages of the current epoch are taken, and of a few before it which were
 * superseded a short while ago: a message and a commit may have been sent at the same time. But
 * none of before somebody came in, who could not read it (FED-231).
 */
export function checkMessageEpoch({ group, starts }: HostedRoom, epoch: number, at: number): void {
  const currentEpoch = group.epoch;
  if (epoch === currentEpoch) return;
  if (epoch > currentEpoch) {
    throw new Refusal("epochAhead", "The message's epoch has not begun.", { currentEpoch });
  }
  const superseded = starts.find((start) => start.epoch === epoch + 1);
  if (
    superseded === undefined ||
    currentEpoch - epoch > LIMITS.epochWindowEpochs ||
    starts.some((start) => start.epoch > epoch && start.entered) ||
    at - superseded.startedAt > LIMITS.epochWindowMs
  ) {
    throw new Refusal("epochTooOld", "The message's epoch is too old.", { currentEpoch });
  }
}

/** A handshake is of this room's group and of the current epoch, or of no use (FED-995). */
export function checkHandshakeFraming(
  { group }: HostedRoom,
  framing: UpdateFraming,
  code: "invalidCommit" | "invalidProposal",
): void {
  if (framing.groupId !== group.group) {
    throw new Refusal(code, "The handshake belongs to another group.", { rule: "groupId" });
  }
  const data = { currentEpoch: group.epoch, rule: "epoch" } as const;
  if (framing.epoch < group.epoch) {
    throw new Refusal("wrongEpoch", "Another commit has ended this epoch.", data);
  }
  if (framing.epoch > group.epoch) {
    throw new Refusal("epochAhead", "The handshake's epoch has not begun.", data);
  }
}
