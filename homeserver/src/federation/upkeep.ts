import { LIMITS } from "@treehouse/protocol";
import type { FederationContext } from "./context.ts";
import type { Floors } from "./floors.ts";
import type { Line, PeerTable } from "./peer-table.ts";
import type { ReachState } from "./reach.ts";

/** What comes back: measuring, giving up what waited too long, and forgetting the dead. */
export interface Upkeep {
  /** Sets the gauges. */
  measure(): void;
  tend(): Promise<void>;
}

/** How long dead items are kept for the operator. */
const deadKeptMs = LIMITS.entryKeptUnreadMs;
const deadPerStep = 500;
const pageRows = 5_000;

export function createUpkeep(
  context: FederationContext,
  lines: PeerTable,
  floors: Pick<Floors, "renew">,
): Upkeep {
  const { env, database, store, metrics } = context;

  function measure(): void {
    const states: Record<ReachState, number> = { closed: 0, open: 0, halfOpen: 0, paused: 0 };
    let backlog = 0;
    let oldest = env.now();
    for (const { stream, pump } of lines.all()) {
      states[pump.reach.state] += 1;
      backlog += stream.backlog;
      oldest = Math.min(oldest, stream.waitingSince ?? oldest);
    }
    metrics.backlog.set(backlog);
    metrics.oldest.set((env.now() - oldest) / 1000);
    for (const [state, count] of Object.entries(states)) metrics.peers.set(count, { state });
  }

  /**
   * Entries that are older than rooms keep them cannot be sent any more, and nobody's backlog grows
   * for ever. The peer sees that positions are missing, and fetches what is still there (FED-951).
   */
  async function giveUp({ stream, pump }: Line): Promise<void> {
    const over = stream.committed - LIMITS.outboxItemsPerPeerMax;
    const before = env.now() - LIMITS.entryKeptUnreadMs;
    let upTo = Math.max(over, stream.acked);
    for (let after = upTo; after < stream.committed;) {
      const range = { peer: stream.id, after, upTo: stream.committed, limit: pageRows };
      const page = await database.read((tx) => store.pointers(tx, range));
      const young = page.findIndex(({ addedAt }) => addedAt > before);
      after = page.at(-1)?.sequence ?? stream.committed;
      upTo = young < 0 ? after : (page[young]?.sequence ?? after) - 1;
      if (young >= 0) break;
    }
    if (upTo > stream.acked) pump.skip(upTo);
  }

  async function forgetDead(): Promise<void> {
    const diedBy = env.now() - deadKeptMs;
    const some = (): Promise<number> =>
      database.transaction((tx) => store.deleteDead(tx, diedBy, deadPerStep), { frees: true });
    while ((await some()) === deadPerStep);
  }

  return {
    measure,
    async tend() {
      for (const line of lines.all()) if (line.stream.backlog > 0) await giveUp(line);
      await floors.renew();
      await forgetDead();
    },
  };
}
