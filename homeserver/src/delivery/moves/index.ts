/**
 * How a room goes from one hub to another: this server's word that it takes one over, what the two
 * hubs tell each other before, and what each does when it is time. Until it is done nothing is
 * refused for good.
 */
import { RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes, Domain, HubOffer, RoomUri } from "@treehouse/protocol";
import { createRateLimiter, errorFields } from "../../platform/index.ts";
import type { Caller } from "../ports.ts";
import type { MovesContext } from "./context.ts";
import { offerHub } from "./offer-hub.ts";
import { prepareTakeOver } from "./prepare-take-over.ts";
import { takeOver } from "./take-over.ts";

export type { MovesContext } from "./context.ts";
export { askToTakeOver, closeLog } from "./hand-over.ts";
export { readMovedEvents } from "./read-moved-events.ts";

export interface Moves {
  /** This server's own word. */
  offer(caller: Caller, room: RoomUri): Promise<HubOffer>;
  /** The word of any server: this one's, or another's that is asked. */
  ask(caller: Caller, room: RoomUri, hub: Domain): Promise<HubOffer>;
  prepare(peer: Domain, room: RoomUri, request: Bytes): Promise<void>;
  /** The former hub of a room has named this server. */
  begin(room: RoomUri): void;
  /** Refuses `unavailable` while this server is about to become the room's hub. */
  refuseComing(room: RoomUri): void;
  start(): Promise<void>;
  close(): Promise<void>;
}

export function createMoves(
  context: MovesContext & { readonly env: Parameters<typeof createRateLimiter>[0] },
): Moves {
  const { env, database, store, domain } = context;
  const offers = createRateLimiter(env, RATE_LIMITS.hubOfferPerClient, "hubOfferPerClient");
  const takeOvers = createRateLimiter(env, RATE_LIMITS.takeOverPerPeer, "takeOverPerPeer");
  const { coming } = context;
  let running: Promise<void> = Promise.resolve();

  async function run(room: RoomUri): Promise<void> {
    try {
      if (await takeOver(context, room)) coming.delete(room);
    } catch (error) {
      env.log.error("takeOverFailed", { room, ...errorFields(error) });
    }
  }

  const begin = (room: RoomUri): void => {
    coming.add(room);
    running = running.then(() => run(room));
  };

  const offer = async (caller: Caller, room: RoomUri): Promise<HubOffer> => {
    offers.take(caller.client);
    return offerHub(context, caller, room);
  };

  return {
    offer,
    ask: (caller, room, hub) =>
      hub === domain ? offer(caller, room) : context.hubs.hubOffer(hub, caller, room),
    async prepare(peer, room, request) {
      takeOvers.take(peer);
      await prepareTakeOver(context, peer, room, request);
      coming.add(room);
    },
    begin,
    refuseComing(room) {
      if (!coming.has(room)) return;
      throw new Refusal("unavailable", "This server is about to become the room's hub.", {
        retryAfterMs: comingMs,
      });
    },
    async start() {
      for (const room of await database.read((tx) => store.preparedRooms(tx))) begin(room);
      await running;
    },
    close: () => running,
  };
}

/** What it takes until the last entry of the former hub is here. */
const comingMs = 250;
