import { DAY, HOUR, KIB, MINUTE } from "./units.ts";

/** The part of `LIMITS` that is about coming into rooms from outside. */
export const JOIN_LIMITS = {
  /** Join links of one room. */
  joinLinksMax: 32,
  /** A joining code: a ticket, or a knock with the identity of who knocks. */
  joiningCodeBytesMax: 2 * KIB,
  /** Between the clocks of who knocks and of the hub. */
  knockSkewMs: 5 * MINUTE,
  /** Knocks at one room that a client keeps; the oldest go first. */
  knocksKept: 100,
  /** How long a client keeps a knock, and how long whoever is admitted may come in. */
  knockKeptMs: 7 * DAY,
} as const;

export const JOIN_RATES = {
  /** GroupInfo for users who are not in the room, by user. */
  outsiderPerUser: { count: 60, perMs: HOUR },
  /** The same, by the server of the users. */
  outsiderPerServer: { count: 1200, perMs: HOUR },
  /** Knocks, by user. */
  knockPerUser: { count: 20, perMs: HOUR },
  /** Knocks, by user and room. */
  knockPerUserAndRoom: { count: 2, perMs: DAY },
  /** Knocks at one room, by the server of the users: none fills the room's measure alone. */
  knockPerServerAndRoom: { count: 20, perMs: HOUR },
  /** Knocks, by room: each is an entry of its log. */
  knockPerRoom: { count: 60, perMs: HOUR },
} as const;
