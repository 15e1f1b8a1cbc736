/** Messages that each answer the one before. */
export type ReplyChain<T> = {
  /** The oldest first; the last is the one that was asked for. */
  readonly messages: readonly T[];
  /**
   * Why it does not begin where the talk began. `unknown`: what the first one answers is not here.
   * `loop`: it answers one that follows from it. `long`: there is more than anybody reads.
   */
  readonly cut: "unknown" | "loop" | "long" | undefined;
};

/** Longer chains are cut: whoever answers themselves a thousand times must not hold up a page. */
export const replyChainMax = 64;

/** Walks from a message to what it answers, and so on. `find` answers undefined for what is not here. */
export function replyChain<
  T extends { readonly id: string; readonly inReplyTo: string | undefined },
>(last: T, find: (id: string) => T | undefined): ReplyChain<T> {
  const found = new Map([[last.id, last]]);
  const end = (cut: ReplyChain<T>["cut"]) => ({ messages: [...found.values()].toReversed(), cut });
  let next = last.inReplyTo;
  while (next !== undefined) {
    if (found.has(next)) return end("loop");
    if (found.size >= replyChainMax) return end("long");
    const message = find(next);
    if (message === undefined) return end("unknown");
    found.set(message.id, message);
    next = message.inReplyTo;
  }
  return end(undefined);
}
