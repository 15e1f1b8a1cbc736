import { DAY, HOUR, MINUTE } from "./units.ts";

/** The part of `LIMITS` that is about coming into rooms from outside. */
export const JOIN_LIMITS = {
  /** Join links of one room. */
  joinLinksMax: 32,
  /** Users who wait for a room's answer to their knock. */
  knocksPerRoomMax: 50,
  /** Rooms at which one user of this server waits for an answer. */
  knocksPerUserMax: 50,
  /** How long a knock is kept, and lets members add the user. */
  knockKeptMs: 7 * DAY,
} as const;

export const JOIN_RATES = {
  /** GroupInfo for users who are not in the room, by user. */
  outsiderPerUser: { count: 60, perMs: HOUR },
  /** The same, by the server of the users. */
  outsiderPerServer: { count: 1200, perMs: HOUR },
  /** Knocks, by user. */
  knockPerUser: { count: 20, perMs: HOUR },
  /** Knocks, by room: each is an entry of its log. */
  knockPerRoom: { count: 60, perMs: HOUR },
  /** Readings of knocks and answers to them, by user. */
  knockListPerUser: { count: 240, perMs: 10 * MINUTE },
} as const;
