import { LIMITS } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { FederationContext } from "./context.ts";
import {
  type Floors,
  isPointer,
  type Line,
  type PeerStream,
  type PeerTable,
  type ReachState,
} from "./outgoing/index.ts";
import type { Pointer } from "./store/index.ts";

/** What comes back: measuring, giving up what waited too long, and forgetting the dead. */
export interface Upkeep {
  /** Sets the gauges. */
  measure(): void;
  tend(): Promise<void>;
}

/** How long dead items are kept for the operator. */
const deadKeptMs = LIMITS.entryKeptUnreadMs;
const deadPerStep = 500;
const pageRows = 1_000;

export function createUpkeep(
  context: FederationContext,
  lines: PeerTable,
  floors: Pick<Floors, "renew">,
): Upkeep {
  const { env, database, store, entries, metrics } = context;

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
   * Nobody's backlog grows for ever: what points to an entry that is gone is given up, and of too
   * many items the oldest entries are. The peer is told that they are missing (FED-943), and fetches
   * what is still there (FED-951). Whatever is stored in the outbox alone stays.
   */
  async function giveUp({ id, acked, committed }: PeerStream): Promise<void> {
    const over = committed - LIMITS.outboxItemsPerPeerMax;
    const before = env.now() - LIMITS.entryKeptUnreadMs;
    // Without the newest: numbers go on behind it.
    for (let after = acked; after < committed - 1;) {
      const range = { peer: id, after, upTo: committed - 1, limit: pageRows };
      const page = await database.transaction(
        async (tx) => {
          const pointers = await store.pointers(tx, range);
          const old = pointers.filter(
            ({ sequence, addedAt }) => sequence <= over || addedAt <= before,
          );
          const useless: number[] = [];
          for (const pointer of old) {
            const surplus = pointer.form === "entry" && pointer.sequence <= over;
            if (surplus || (await isGone(tx, pointer))) useless.push(pointer.sequence);
          }
          await store.deleteThese(tx, id, useless);
          return { last: pointers.at(-1)?.sequence, isOld: old.length === pointers.length };
        },
        { frees: true },
      );
      if (page.last === undefined || !page.isOld) return;
      after = page.last;
    }
  }

  async function isGone(tx: Tx, { form, room, position }: Pointer): Promise<boolean> {
    if (!isPointer(form) || room === undefined) return false;
    return (await entries.entry(tx, room, position)) === undefined;
  }

  /** A server that was never reached, and for which something waits that long, is none. */
  async function forgetUnreached(line: Line): Promise<void> {
    const { stream, pump } = line;
    const isOver = (): boolean =>
      !stream.wasReached &&
      pump.isUnreached &&
      pump.reach.isWaiting &&
      (stream.waitingSince ?? Number.POSITIVE_INFINITY) <= env.now() - LIMITS.unreachedKeptMs;
    if (!isOver()) return;
    await database.transaction(
      async (tx) => {
        if (!isOver()) return;
        const count = stream.backlog;
        // Before anything awaits: what is added from now on begins another stream.
        lines.forget(line);
        tx.afterRollback(() => lines.restore(line));
        await store.deletePeer(tx, stream.id);
        tx.afterCommit(() => {
          void pump.close();
          metrics.dropped.add(count, { reason: "unreached" });
          env.log.warn("itemsDropped", { host: stream.domain, count });
        });
      },
      { frees: true },
    );
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
      for (const line of lines.all()) {
        if (line.stream.backlog > 0) await giveUp(line.stream);
        await forgetUnreached(line);
      }
      await floors.renew();
      await forgetDead();
    },
  };
}
