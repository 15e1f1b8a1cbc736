import { LIMITS, Refusal, utf8Encode } from "@treehouse/protocol";

/** What a user writes for themselves alone is as long as a name of a conversation. */
export function checkText(text: string | undefined): void {
  if (text === undefined || utf8Encode(text).length <= LIMITS.nameBytesMax) return;
  throw new Refusal("limitExceeded", `a name has at most ${LIMITS.nameBytesMax} octets`, {
    limitName: "nameBytesMax",
    limit: LIMITS.nameBytesMax,
  });
}
