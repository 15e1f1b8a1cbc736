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

/** Completes a codec from its two streaming halves. */
export function codec<T>(
  write: (writer: Writer, value: T) => void,
  read: (reader: Reader) => T,
): Codec<T> {
  return {
    write,
    read,
    encode(value) {
      const writer = new Writer();
      write(writer, value);
      return writer.finish();
    },
    decode(bytes, sharing) {
      const reader = new Reader(bytes, sharing);
      const value = read(reader);
      reader.finish();
      return value;
    },
  };
}
