import { batchAnswerCodec, LIMITS, NetworkFault, Refusal } from "@treehouse/protocol";
import type { BatchAnswer } from "@treehouse/protocol";

/** An answer names at most so many rejected items. */
export const batchAnswerBytesMax: number =
  16 + 8 + 4 + LIMITS.rejectedItemsMax * (8 + 2 + LIMITS.nameBytesMax);

export function readBatchAnswer(bytes: Uint8Array): BatchAnswer {
  try {
    return batchAnswerCodec.decode(bytes);
  } catch (error) {
    if (error instanceof Refusal) throw noAnswer(error);
    throw error;
  }
}

/** What the peer sends back is no judgement of what it was sent. */
export function noAnswer(cause?: unknown): NetworkFault {
  return new NetworkFault("broken", "The answer is none to this batch.", { cause });
}
