import type { Tx } from "../platform/index.ts";
import type { QueuingContext } from "./context.ts";

/**
 * The database is an old one that was put back: what streams held beyond it is forgotten. A new
 * incarnation tells clients so. Inboxes go on behind every position that they ever gave, or what
 * comes next would pass for what their clients have had; rooms jump when their hub has decided
 * where to go on.
 */
export async function restored(
  context: QueuingContext,
  tx: Tx,
  { positionMin }: { readonly positionMin: number },
): Promise<void> {
  const { store, env, streams, queues } = context;
  const incarnation = env.random(16);
  await store.setIncarnation(tx, incarnation);
  await store.jumpInboxes(tx, inboxJump, positionMin);
  tx.afterCommit(() => {
    context.incarnation = incarnation;
    queues.clear();
    streams.clear();
  });
}

/** More than an inbox is ever given between two backups. */
const inboxJump = 2 ** 32;
