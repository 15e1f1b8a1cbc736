import { LIMITS, Refusal, utf8Encode } from "@treehouse/protocol";

/** What goes with an act on a conversation or on those in it. */
export type ActOptions = {
  /** For those in the conversation, and for whom it is about; at most 512 octets. */
  readonly reason?: string | undefined;
};

/** Refuses `limitExceeded`. */
export function reasonOf({ reason }: ActOptions = {}): string | undefined {
  const limitName = "actReasonBytesMax";
  const limit = LIMITS[limitName];
  if (reason === undefined || utf8Encode(reason).length <= limit) return reason;
  throw new Refusal("limitExceeded", `a reason has at most ${limit} octets`, { limitName, limit });
}
