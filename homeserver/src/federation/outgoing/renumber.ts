import type { FederationContext } from "../context.ts";
import type { PeerStream } from "./stream.ts";

/**
 * Lets a stream begin anew in another incarnation, with the oldest item that is left, and has its
 * rooms introduced again: one of the two sides was set back (FED-943).
 */
export async function beginAnew(
  { database, store, env, hosted }: FederationContext,
  stream: PeerStream,
): Promise<void> {
  const incarnation = env.random(16);
  const { kept } = stream;
  await database.transaction(async (tx) => {
    await store.renumber(tx, stream.id, { incarnation, base: kept });
    await hosted.introduceAgain(tx, stream.domain);
    tx.afterCommit(() => stream.begin(incarnation));
  });
}
