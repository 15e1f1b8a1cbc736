import type { Domain } from "@treehouse/protocol";
import type { Line, ReachState } from "./outgoing/index.ts";
import type { DeadItem } from "./store/index.ts";

/** How it goes with the stream to one peer, for the operator. */
export type PeerStatus = {
  readonly domain: Domain;
  /** `closed`: it answers. `open`: it is waited for. `halfOpen`: asked again. `paused`: by policy. */
  readonly state: ReachState;
  /** Items that it does not have yet. */
  readonly backlog: number;
  /** When the oldest of them was added, in ms since the Unix epoch. */
  readonly waitingSince: number | undefined;
  /** Failures in a row, the reason of the last one, and when it is tried again. */
  readonly failures: number;
  readonly lastFault: string | undefined;
  readonly retryInMs: number;
};

/** An item that a peer rejected for good. */
export type RejectedItemOfPeer = Pick<DeadItem, "form" | "room" | "position" | "code" | "at">;

export function statusOf({ stream, pump }: Line): PeerStatus {
  const { reach, lastFault } = pump;
  return {
    domain: stream.domain,
    state: reach.state,
    backlog: stream.backlog,
    waitingSince: stream.waitingSince,
    failures: reach.failures,
    lastFault,
    retryInMs: reach.waitMs,
  };
}
