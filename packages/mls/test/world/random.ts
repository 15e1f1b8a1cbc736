import type { Bytes } from "@treehouse/protocol";
import { Random } from "@treehouse/testkit";

/** Random numbers that a seed determines. */
export type SeededRandom = {
  /** At least 0, below `bound`. */
  below(bound: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(length: number): Bytes;
};

export function seededRandom(seed: number): SeededRandom {
  const random = new Random(seed, "mls");
  return {
    below: (bound) => random.integer(0, bound - 1),
    pick(list) {
      const chosen = list[random.integer(0, list.length - 1)];
      if (chosen === undefined) throw new Error("Nothing to pick from.");
      return chosen;
    },
    bytes: (length) => random.bytes(length),
  };
}
