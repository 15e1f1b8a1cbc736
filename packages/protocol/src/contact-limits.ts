import { DAY, HOUR } from "./units.ts";

/** The part of `LIMITS` that is about contacts. */
export const CONTACT_LIMITS = {
  /** A note beside a connection request. */
  consentNoteBytesMax: 256,
  /** Users with whom one user has something to do as contacts, those blocked included. */
  contactsPerUserMax: 5000,
  /** Connection requests of one user that are not answered. */
  contactRequestsOpenMax: 500,
  /** Connection requests to users of one other server that are not answered. */
  contactRequestsPerPeerMax: 10_000,
  /** Connection requests that wait for one user's answer; later ones are dropped unseen. */
  contactRequestsWaitingMax: 1000,
  /** The same of users of one other server, so that it cannot take the place of all others. */
  contactRequestsWaitingPerPeerMax: 100,
  /** Rooms that one user may let another one add them to, one by one. */
  contactRoomsMax: 32,
} as const;

export const CONTACT_RATES = {
  /** Connection requests, by user. */
  contactRequestPerUser: { count: 60, perMs: HOUR },
  /** Connection requests, by who asks and who is asked. */
  contactRequestPerPair: { count: 10, perMs: DAY },
  /** Other changes of contacts, by user. */
  contactChangePerUser: { count: 600, perMs: HOUR },
} as const;
