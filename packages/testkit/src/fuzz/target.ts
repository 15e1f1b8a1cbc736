import type { Bytes } from "@treehouse/protocol";

/** Something that reads what others send. */
export interface Target {
  readonly name: string;
  /** What reads the inputs, for the list of `--help`. */
  readonly reads: string;
  /** An input takes milliseconds, so that `npm test` has fewer. */
  readonly dear?: boolean;
  /** Loads it with all that it needs: keys, a room, a server. The same seed, the same world. */
  open(seed: number): Promise<OpenTarget>;
}

export interface OpenTarget {
  /** Inputs as an honest sender makes them; others are made of these. */
  readonly seeds: readonly Bytes[];
  /**
   * Answers in a word what became of the input. A Refusal is an answer too, by its code; anything
   * else that is thrown is a finding.
   */
  judge(input: Bytes): string | Promise<string>;
  /** What the inputs are made of; without, they are changed as octets alone. */
  readonly form?: Form;
  /** How many judge an input, one after another; each has its time. One unless it is said. */
  readonly judges?: number;
  close?(): Promise<void>;
}

/** Both directions of an encoding, whose values can be varied part by part. Both may throw. */
export interface Form {
  decode(input: Bytes): unknown;
  encode(value: unknown): Bytes;
}

/** What an input may cost (issue 7, point 5). */
export const FUZZ_LIMITS = {
  inputMs: 100,
  /** How much more is held after an input than before it. */
  heldBytes: 64 * 1024 * 1024,
  /** After so long on a core without an end an input counts as one that never ends. */
  hungMs: 20_000,
  /** Of an input itself; what is made beyond is cut. */
  inputBytes: 1024 * 1024,
} as const;
