import type { Bytes } from "@treehouse/protocol";

/** Random numbers that a seed determines (sfc32), good for tests and nothing else. */
export type SeededRandom = {
  /** At least 0, below `bound`. */
  below(bound: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Bytes;
};

export function seededRandom(seed: number): SeededRandom {
  let [a, b, c, d] = [seed | 0, 0x9e3779b9, 0x243f6a88, 1];
  const next = (): number => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    return t >>> 0;
  };
  for (let warm = 0; warm < 15; warm++) next();
  const below = (bound: number) => next() % bound;
  return {
    below,
    pick(list) {
      const chosen = list[below(list.length)];
      if (chosen === undefined) throw new Error("Nothing to pick from.");
      return chosen;
    },
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let index = 0; index < length; index++) bytes[index] = next() & 0xff;
      return bytes;
    },
  };
}
