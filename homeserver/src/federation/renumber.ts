import type { FederationContext } from "./context.ts";
import type { PeerStream } from "./stream.ts";

/**
 * Lets a stream begin anew, in another incarnation and behind the item `upTo`, and has its rooms
 * introduced again if one of the two sides was set back (FED-943).
 */
export async function beginAnew(
  { database, store, env, hosted }: FederationContext,
  stream: PeerStream,
  upTo: number,
  introduce: boolean,
): Promise<void> {
  const incarnation = env.random(16);
  await database.transaction(async (tx) => {
    await store.keep(tx, stream.id, upTo);
    await store.renumber(tx, stream.id, { incarnation, base: upTo });
    if (introduce) await hosted.introduceAgain(tx, stream.domain);
    tx.afterCommit(() => stream.begin(incarnation, upTo));
  });
}
