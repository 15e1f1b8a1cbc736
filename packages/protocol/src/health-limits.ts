import { DAY, MINUTE, SECOND } from "./units.ts";

/** The part of `LIMITS` that is about commits that nobody can apply. */
export const HEALTH_LIMITS = {
  /** Users whose leaves must report a fault before a commit is voided. */
  voidFaultsMin: 2,
  /** Reports that one void has. */
  voidFaultsMax: 8,
  /** How long the hub waits after the first fault for somebody who could apply the commit. */
  healthGraceMs: 2 * SECOND,
  /** How long a user commits nothing in a room after a void, doubled by each further one of a day. */
  suspensionMs: 10 * MINUTE,
  /** The same for one who came by an external commit, from the second void on; four times as long each. */
  returnAfterVoidMs: 2 * SECOND,
  /** How long such a wait is at most. */
  suspensionMaxMs: DAY,
} as const;
