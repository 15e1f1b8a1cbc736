import { Refusal } from "../../refusals/index.ts";
import { STICKER_LIMITS, type StickerLimit } from "./limits.ts";

/** Refuses `limitExceeded` by the limit's name when a value is over it. */
export function checkStickerLimit(limitName: StickerLimit, value: number, what: string): void {
  const limit = STICKER_LIMITS[limitName];
  if (value <= limit) return;
  throw new Refusal("limitExceeded", `${what} is over ${limitName} (${limit})`, {
    limitName,
    limit,
  });
}
