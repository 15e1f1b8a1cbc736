import type { Bytes } from "../bytes/index.ts";
import { utf8Encode } from "../bytes/index.ts";
import { codec } from "./codec.ts";
import type { Codec } from "./codec.ts";
import { malformed } from "./reader.ts";

export const u8: Codec<number> = codec(
  (writer, value) => writer.u8(value),
  (reader) => reader.u8(),
);

export const u16: Codec<number> = codec(
  (writer, value) => writer.u16(value),
  (reader) => reader.u16(),
);

export const u32: Codec<number> = codec(
  (writer, value) => writer.u32(value),
  (reader) => reader.u32(),
);

/** Safe integers only: decoding refuses values over 2^53-1. */
export const u64: Codec<number> = codec(
  (writer, value) => writer.u64(value),
  (reader) => reader.u64(),
);

/** So many octets without a length. */
export function fixed(length: number): Codec<Bytes> {
  return codec(
    (writer, value) => {
      bounded(value.length, length, length);
      writer.raw(value);
    },
    (reader) => reader.raw(length),
  );
}

/** `bytes<V>` of at most `max` and at least `min` octets. */
export function opaque(bounds: { readonly max: number; readonly min?: number }): Codec<Bytes> {
  const { max, min = 0 } = bounds;
  return codec(
    (writer, value) => {
      bounded(value.length, min, max);
      writer.opaque(value);
    },
    (reader) => reader.opaque(max, min),
  );
}

/** `utf8<V>`: UTF-8 of at most `max` octets, without NUL. */
export function utf8(bounds: { readonly max: number }): Codec<string> {
  const { max } = bounds;
  return codec(
    (writer, value) => {
      if (value.includes("\0")) throw new RangeError("a text with NUL");
      const bytes = utf8Encode(value);
      bounded(bytes.length, 0, max);
      writer.opaque(bytes);
    },
    (reader) => reader.text(max),
  );
}

/** One octet of a closed list of named values. */
export function enumeration<const T extends Readonly<Record<string, number>>>(
  values: T,
): Codec<Extract<keyof T, string>> {
  const names = new Map<number, Extract<keyof T, string>>();
  for (const name in values) names.set(values[name] ?? -1, name);
  return codec(
    (writer, name) => writer.u8(values[name] ?? -1),
    (reader) => {
      const name = names.get(reader.u8());
      if (name === undefined) throw malformed("an unknown value of an enumeration");
      return name;
    },
  );
}

/** Flags in one octet; bits without a name must be zero. */
export function flags<const K extends string>(
  bits: Readonly<Record<K, number>>,
): Codec<Readonly<Record<K, boolean>>> {
  const names: K[] = [];
  for (const name in bits) names.push(name);
  const known = names.reduce((mask, name) => mask | (1 << bits[name]), 0);
  return codec(
    (writer, value) =>
      writer.u8(names.reduce((mask, name) => mask | (value[name] ? 1 << bits[name] : 0), 0)),
    (reader) => {
      const mask = reader.u8();
      if ((mask & ~known) !== 0) throw malformed("an unknown flag");
      const value: Partial<Record<K, boolean>> = {};
      for (const name of names) value[name] = (mask & (1 << bits[name])) !== 0;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every name is there.
      return value as Record<K, boolean>;
    },
  );
}

/** A codec whose values are also checked: by a Refusal when read, by a RangeError when written. */
export function checked<T>(inner: Codec<T>, fault: (value: T) => string | undefined): Codec<T> {
  return codec(
    (writer, value) => {
      const found = fault(value);
      if (found !== undefined) throw new RangeError(found);
      inner.write(writer, value);
    },
    (reader) => {
      const value = inner.read(reader);
      const found = fault(value);
      if (found !== undefined) throw malformed(found);
      return value;
    },
  );
}

function bounded(length: number, min: number, max: number): void {
  if (length < min || length > max) {
    throw new RangeError(`${length} octets, where ${min} to ${max} are allowed`);
  }
}
