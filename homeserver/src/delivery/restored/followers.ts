import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Domain, EventsResponse, RoomUri, StandingResponse } from "@treehouse/protocol";
import type { RestoredContext } from "./settle-room.ts";

/** What a restored hub asks of its followers; all of it rejects once it is closed. */
export interface Followers {
  standing(peer: Domain, room: RoomUri): Promise<StandingResponse>;
  events(
    peer: Domain,
    room: RoomUri,
    range: { readonly after: number; readonly limit: number },
  ): Promise<EventsResponse>;
  /** Those who could not be reached may be asked again. */
  tryAgain(): void;
  readonly isClosed: boolean;
  close(): void;
}

/** What an answer may take without anybody calling its server slow. */
const usualMs = 1_000;

/**
 * Asks followers of rooms that nobody can use meanwhile. Who could not be reached is not asked about
 * the next room, and whose answers took too long altogether is asked nothing more.
 */
export function createFollowers({ env, hubs }: Pick<RestoredContext, "env" | "hubs">): Followers {
  const away = new Set<Domain>();
  /** How much longer than usual each has let this server wait. */
  const waitedMs = new Map<Domain, number>();
  /** Ends the waiting of each question that is open. */
  const open = new Set<(error: Error) => void>();
  let isClosed = false;

  async function hurried<T>(peer: Domain, ask: () => Promise<T>): Promise<T> {
    if (isClosed) throw new Error("The server stops.");
    if (away.has(peer)) throw new Error("The follower cannot be reached.");
    if ((waitedMs.get(peer) ?? 0) > LIMITS.restoreAdoptMs) {
      throw new Error("The follower takes too long.");
    }
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    open.add(reject);
    const from = env.monotonic();
    try {
      return await Promise.race([ask(), stopped]);
    } catch (error) {
      if (error instanceof Refusal && error.code === "peerUnreachable") away.add(peer);
      throw error;
    } finally {
      open.delete(reject);
      const overMs = Math.max(0, env.monotonic() - from - usualMs);
      waitedMs.set(peer, (waitedMs.get(peer) ?? 0) + overMs);
    }
  }

  return {
    standing: (peer, room) => hurried(peer, () => hubs.standing(peer, room)),
    events: (peer, room, range) => hurried(peer, () => hubs.events(peer, room, range)),
    tryAgain: () => away.clear(),
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      for (const end of open) end(new Error("The server stops."));
    },
  };
}
