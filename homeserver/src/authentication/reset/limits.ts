import type { RateRule } from "@treehouse/protocol";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The bounds of a reset by e-mail. */
export const RESET_LIMITS = {
  /** From the mail to the use of its token. */
  tokenMs: 15 * MINUTE,
  /** Whoever has a session that was used within it is warned, and waited for. */
  activeMs: 30 * DAY,
  /** How long after the wait a reset may still be completed without another one. */
  readyMs: 7 * DAY,
  /** By default the operator has the active clients of an account waited for so long. */
  delayMs: DAY,
} as const;

/** Requests of a reset: by account, known or not, and by network address. */
export const resetRates = {
  resetPerUser: { count: 3, perMs: HOUR },
  resetPerAddress: { count: 3, perMs: HOUR },
} as const satisfies Record<string, RateRule>;
