import { isRefusalCode, Refusal } from "../refusals/index.ts";
import { LIMITS } from "../limits.ts";
import type { RefusedFrame } from "./server-frame.ts";

const U32_MAX = 0xffff_ffff;

/** The frame that carries a refusal; a long message is cut to what a frame may hold. */
export function refusedFrame(requestId: number, refusal: Refusal): RefusedFrame {
  const { retryAfterMs, currentEpoch } = refusal.data;
  return {
    type: "refused",
    requestId,
    code: refusal.code,
    detail: shortened(refusal.message),
    retryAfterMs: retryAfterMs === undefined ? undefined : u32Of(retryAfterMs),
    currentEpoch,
  };
}

/** The refusal in a frame; a code that we do not know becomes "internal". */
export function refusalOfFrame(frame: RefusedFrame): Refusal {
  const { retryAfterMs, currentEpoch } = frame;
  return new Refusal(isRefusalCode(frame.code) ? frame.code : "internal", frame.detail, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(currentEpoch === undefined ? {} : { currentEpoch }),
  });
}

/** At most a third of the octets that are allowed, for a character has up to three per unit. */
function shortened(message: string): string {
  const text = message.toWellFormed().replaceAll("\0", "");
  return text.slice(0, Math.floor(LIMITS.descriptionBytesMax / 3)).toWellFormed();
}

function u32Of(value: number): number {
  return Math.min(U32_MAX, Math.max(0, Math.ceil(value)));
}
