import { DAY, HOUR, MIB } from "./units.ts";

/** The part of `LIMITS` that is about rooms that get another hub, or begin anew. */
export const HUB_LIMITS = {
  /** How long a server stands by its word that it takes a room over. */
  hubConsentMs: HOUR,
  /** How long a former hub tells who followed it, and what its log was. */
  movedRoomKeptMs: 30 * DAY,
  /** What a hub hands over to the next one, as a body: mostly the tree of the room. */
  takeOverBodyBytesMax: 15 * MIB,
  /** Owners whose word for a claim is kept. */
  endorsementsMax: 256,
  /** How long what owners have agreed to is kept until enough of them have. */
  claimKeptMs: 7 * DAY,
} as const;

export const HUB_RATES = {
  /** Servers asked to take a room over, by client. */
  hubOfferPerClient: { count: 20, perMs: HOUR },
  /** Claims that a room goes on here, by client: for each all servers with members are asked. */
  claimPerClient: { count: 60, perMs: HOUR },
  /** Rooms that this server is to take over, by their hub: each costs the check of a tree. */
  takeOverPerPeer: { count: 60, perMs: HOUR },
  /** Times that others are asked who orders a room now, by room and who is asked. */
  hubLookUpPerRoom: { count: 20, perMs: HOUR },
} as const;
