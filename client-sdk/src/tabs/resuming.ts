import { SdkError } from "../errors/index.ts";

/**
 * An iteration that is begun anew when whoever served it went away: `begin` starts where the store
 * stopped. What was handed out last then comes first once more; it was dealt with here, so it is
 * acknowledged by going on to the next.
 */
export async function* resuming<T>(
  begin: () => Promise<AsyncIterable<T>>,
  isSame: (one: T, other: T) => boolean,
): AsyncGenerator<T, void, undefined> {
  let last: { readonly item: T } | undefined;
  for (;;) {
    try {
      let first = true;
      for await (const item of await begin()) {
        const known = first && last !== undefined && isSame(item, last.item);
        first = false;
        last = { item };
        if (!known) yield item;
      }
      return;
    } catch (error) {
      if (!(error instanceof SdkError) || error.code !== "interrupted") throw error;
    }
  }
}
