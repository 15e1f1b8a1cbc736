import type { Bytes } from "../bytes/index.ts";
import { Reader } from "./reader.ts";
import type { Sharing } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Both directions of one type's encoding. */
export interface Codec<T> {
  /** A value that has no encoding is a RangeError. */
  encode(value: T): Bytes;
  /**
   * Takes the whole input: octets too many are refused. The only error is a Refusal "malformed".
   * "sliced" gives views of the input instead of copies, see `Reader`.
   */
  decode(bytes: Uint8Array, sharing?: Sharing): T;
  write(writer: Writer, value: T): void;
  read(reader: Reader): T;
}

/** The type of the values of a codec. */
export type CodecValue<C> = C extends Codec<infer T> ? T : never;

/**
 * A writer that waits for the next value: most values are small, and a buffer that is made for each
 * costs more than what is written into it. Larger ones are not kept.
 */
let spare: Writer | undefined;
const spareBytesMax = 4096;

/** Completes a codec from its two streaming halves. */
export function codec<T>(
  write: (writer: Writer, value: T) => void,
  read: (reader: Reader) => T,
): Codec<T> {
  return {
    write,
    read,
    encode(value) {
      const writer = spare ?? new Writer();
      // A codec that encodes another one meanwhile needs a second, and what throws keeps its own.
      spare = undefined;
      write(writer, value);
      const bytes = writer.take();
      if (writer.capacity <= spareBytesMax) spare = writer;
      return bytes;
    },
    decode(bytes, sharing) {
      const reader = new Reader(bytes, sharing);
      const value = read(reader);
      reader.finish();
      return value;
    },
  };
}
