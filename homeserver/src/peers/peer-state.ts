import type { Bytes, Directory, Domain } from "@treehouse/protocol";
import type { NonceWindow } from "./nonce-window.ts";
import type { StoredPeer } from "./store.ts";

/** A directory as it was fetched. */
export interface FetchedDirectory {
  readonly document: Directory;
  /** Monotonic time. */
  readonly at: number;
}

/** Everything about one other server. All but the record is memory's alone. */
export interface PeerState {
  readonly domain: Domain;
  /** As it is stored, or would be. */
  record: StoredPeer;
  /** Whether it is stored: it proved who it is, or answered a request. */
  known: boolean;
  /** The times of contact are newer than the stored ones. */
  touched: boolean;
  directory: FetchedDirectory | undefined;
  /** Monotonic time of the last attempt to fetch the directory, and what it failed with. */
  attemptedAt: number | undefined;
  /** Monotonic time of the first of those looks at it in a row that did not show what was needed. */
  lackingSince: number | undefined;
  fault: unknown;
  /** The attempt that is under way. */
  fetching: Promise<void> | undefined;
  nonces: NonceWindow | undefined;
  /** It was stored when this server started. */
  readonly isOfFormerLife: boolean;
  /** In seconds: this server's former life may have received what was signed up to here. */
  readonly signedBefore: number;
  /** `record.signedUntil` is being raised. */
  raising: Promise<void> | undefined;
  /** Authenticated requests that are worked on. */
  active: number;
  /** How far its clock is ahead of ours, once it has refused our time. */
  clockOffsetMs: number;
  /** What it wants nonces to begin with; nothing as long as it has not said so (FED-1116). */
  nonceStart: Bytes;
  /** Monotonic time of the last use. */
  usedAt: number;
}

export function newPeerState(domain: Domain, at: { now: number; monotonic: number }): PeerState {
  return {
    domain,
    record: {
      domain,
      firstSeenAt: at.now,
      inboundAt: undefined,
      outboundAt: undefined,
      frozenAt: undefined,
      signedUntil: undefined,
      pinned: [],
      offered: [],
    },
    known: false,
    touched: false,
    directory: undefined,
    attemptedAt: undefined,
    lackingSince: undefined,
    fault: undefined,
    fetching: undefined,
    nonces: undefined,
    isOfFormerLife: false,
    signedBefore: 0,
    raising: undefined,
    active: 0,
    clockOffsetMs: 0,
    nonceStart: new Uint8Array(),
    usedAt: at.monotonic,
  };
}
