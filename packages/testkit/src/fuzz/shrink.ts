import { type Bytes, concatBytes } from "@treehouse/protocol";

const triesMax = 400;

/** Leaves out parts, from large to small, as long as it still fails. */
export async function shrink(
  input: Bytes,
  fails: (smaller: Bytes) => Promise<boolean>,
): Promise<Bytes> {
  let least = input;
  let tries = 0;
  for (let size = Math.ceil(input.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let at = 0; at < least.length && tries < triesMax; tries += 1) {
      const smaller = concatBytes(least.subarray(0, at), least.subarray(at + size));
      if (await fails(smaller)) least = smaller;
      else at += size;
    }
  }
  return least;
}
