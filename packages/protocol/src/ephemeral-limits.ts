import { KIB, MINUTE, SECOND } from "./units.ts";

/** The part of `LIMITS` that is about what passes and is never stored. */
export const EPHEMERAL_LIMITS = {
  /** One sealed ephemeral message. */
  ephemeralMessageBytesMax: 8 * KIB,
  /** The content of an ephemeral message, before it is padded and sealed. */
  ephemeralContentBytesMax: 7 * KIB,
  /** Octets to a multiple of which an ephemeral message is padded before it is sealed. */
  ephemeralPaddingBytes: 256,
  /** How far the time of an ephemeral message may lie from its acceptance. */
  ephemeralAgeMs: 10 * SECOND,
  /** How far its acceptance may lie from the receiver's clock. */
  ephemeralSkewMs: 30 * SECOND,
  /** Ephemeral messages that a member remembers, so that none counts twice; beyond, none counts. */
  ephemeralSeenMax: 2048,
  /** The text beside a presence. */
  activityBytesMax: 128,
  /** Octets in a client's socket beyond which ephemeral messages are left out. */
  socketEphemeralBytesMax: 64 * KIB,
  /** Ephemeral entries of one request between servers. */
  ephemeralBatchItemsMax: 256,
  /** The same in octets. */
  ephemeralBatchBytesMax: 512 * KIB,
  /** Ephemeral entries that wait for one peer; the oldest make room. */
  ephemeralWaitingPerPeerMax: 512,
  /** How long they wait at most. */
  ephemeralWaitMs: 5 * SECOND,
  /** Ephemeral messages to the hub of one peer that are not answered. */
  ephemeralSubmissionsPerPeerMax: 512,
  /** How long a peer is left alone that takes no ephemeral entries. */
  ephemeralPauseMs: 10 * MINUTE,
} as const;

/** The part of `RATE_LIMITS` that is about the same. */
export const EPHEMERAL_RATES = {
  /** Ephemeral messages, by client. */
  ephemeralPerClient: { count: 300, perMs: 10 * SECOND },
  /** Ephemeral entries, by the server that sends them. */
  ephemeralPerPeer: { count: 5000, perMs: 10 * SECOND },
} as const;
