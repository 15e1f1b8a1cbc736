import fc from "fast-check";
import type { Bytes, Codec } from "../src/index.ts";

/** A struct under test, reduced to octets so that structs of all types stand in one list. */
export type StructCase = {
  readonly name: string;
  /** Encodings of random values. */
  readonly encodings: fc.Arbitrary<Bytes>;
  /** A random value, and what became of it by encoding and decoding, copied and sliced. */
  readonly trips: fc.Arbitrary<{ value: unknown; copied: unknown; sliced: unknown }>;
  readonly reencode: (bytes: Uint8Array) => Bytes;
  /** Offsets of octets that are versions, kinds, statuses or flags. */
  readonly closedOctets: readonly number[];
  /** Whether a proper prefix of an encoding can be one itself. */
  readonly hasOpenEnd: boolean;
};

export function structCase<T>(
  name: string,
  codec: Codec<T>,
  values: fc.Arbitrary<T>,
  options: { closedOctets?: readonly number[]; hasOpenEnd?: boolean } = {},
): StructCase {
  return {
    name,
    encodings: values.map((value) => codec.encode(value)),
    trips: values.map((value) => {
      const bytes = codec.encode(value);
      return { value, copied: codec.decode(bytes), sliced: codec.decode(bytes, "sliced") };
    }),
    reencode: (bytes) => codec.encode(codec.decode(bytes)),
    closedOctets: options.closedOctets ?? [],
    hasOpenEnd: options.hasOpenEnd ?? false,
  };
}
