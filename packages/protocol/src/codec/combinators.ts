import { codec } from "./codec.ts";
import type { Codec } from "./codec.ts";
import { malformed } from "./reader.ts";
import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

/** `T<V>`: a varint byte length, then the elements. */
export function vector<T>(
  element: Codec<T>,
  bounds: {
    readonly bytesMax?: number;
    readonly countMax?: number;
    readonly countMin?: number;
  } = {},
): Codec<readonly T[]> {
  const { countMax = Number.MAX_SAFE_INTEGER, countMin = 0 } = bounds;
  return codec(
    (writer, values) => {
      if (values.length > countMax || values.length < countMin) {
        throw new RangeError(`${values.length} elements, where at most ${countMax} are allowed`);
      }
      writer.vector(() => {
        for (const value of values) element.write(writer, value);
      }, bounds.bytesMax);
    },
    (reader) => {
      const values = reader.vector(() => element.read(reader), bounds);
      if (values.length < countMin) throw malformed(`fewer than ${countMin} elements`);
      return values;
    },
  );
}

/** `opt<T>`: one octet 0 or 1, then T if 1 (RFC 9420 §2.1.1). */
export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return codec<T | undefined>(
    (writer, value) => {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) inner.write(writer, value);
    },
    (reader) => {
      const presence = reader.u8();
      if (presence > 1) throw malformed("an optional that is neither absent nor present");
      return presence === 0 ? undefined : inner.read(reader);
    },
  );
}

type Fields<T> = { readonly [K in keyof T]-?: Codec<T[K]> };

/** The fields one after another, in the order in which they are written down here. */
export function struct<T extends object>(fields: Fields<T>): Codec<T> {
  const names: (keyof T)[] = [];
  for (const name in fields) names.push(name);
  return codec(
    (writer, value) => {
      for (const name of names) fields[name].write(writer, value[name]);
    },
    (reader) => {
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(reader);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field is there.
      return value as T;
    },
  );
}

type Case<T, N> = { readonly tag: number; readonly codec: Codec<Omit<T & N, keyof N>> };
type Cases<T, K extends keyof T> = {
  readonly [N in T[K] & string]: Case<Extract<T, Readonly<Record<K, N>>>, Readonly<Record<K, N>>>;
};

/**
 * A tagged union: one octet that selects, then the fields of that case. In the value, the property
 * `key` names the case.
 */
export function variant<T extends object, K extends keyof T & string>(
  key: K,
  cases: Cases<T, K>,
): Codec<T> {
  const names = new Map<number, string>();
  const erased = new Map<string, ErasedCase>();
  for (const [name, { tag, codec: inner }] of Object.entries<ErasedCase>(cases)) {
    names.set(tag, name);
    erased.set(name, { tag, codec: inner });
  }
  return codec(
    (writer: Writer, value: T) => {
      const chosen = erased.get(String(value[key]));
      if (chosen === undefined) throw new RangeError(`no such ${key}`);
      writer.u8(chosen.tag);
      chosen.codec.write(writer, value);
    },
    (reader: Reader) => {
      const name = names.get(reader.u8());
      const chosen = name === undefined ? undefined : erased.get(name);
      if (chosen === undefined) throw malformed(`an unknown ${key}`);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the case's own codec read it.
      return { [key]: name, ...chosen.codec.read(reader) } as T;
    },
  );
}

type ErasedCase = { readonly tag: number; readonly codec: Codec<object> };

/** One octet that must have this value before the rest: a version or protocol number. */
export function versioned<T>(version: number, inner: Codec<T>): Codec<T> {
  return codec(
    (writer, value) => {
      writer.u8(version);
      inner.write(writer, value);
    },
    (reader) => {
      readVersion(reader, version);
      return inner.read(reader);
    },
  );
}

/** Reads the octet that `versioned` writes. */
export function readVersion(reader: Reader, version: number): void {
  if (reader.u8() !== version) throw malformed(`not version ${version}`);
}
