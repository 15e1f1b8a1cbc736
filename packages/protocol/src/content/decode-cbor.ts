import { type Token, Tokenizer } from "cborg";
import { type Bytes, utf8Decode } from "../bytes/index.ts";
import { malformed } from "../codec/index.ts";
import { Refusal } from "../refusals/index.ts";
import { type CborKey, type CborMap, type CborValue, floatLength, isBytes } from "./cbor.ts";

/**
 * FED-801, FED-802: reads one CBOR item that fills the input, in the deterministic encoding of RFC 8949 §4.2.1 and
 * in no other. Integers beyond ±(2^53-1), undefined and other simple values, and the key
 * `__proto__` are refused; so are more than `depthMax` nested arrays, maps and tags. The only
 * error is a Refusal "malformed".
 */
export function decodeCbor(bytes: Uint8Array, depthMax: number): CborValue {
  try {
    const items = new Items(bytes);
    const value = items.read(depthMax);
    if (!items.done) throw malformed("octets after the item");
    return value;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("malformed", "not deterministic CBOR", {}, { cause: error });
  }
}

class Items {
  readonly #bytes: Bytes;
  readonly #tokens: Tokenizer;

  constructor(bytes: Uint8Array) {
    this.#bytes = new Uint8Array(bytes);
    this.#tokens = new Tokenizer(this.#bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      retainStringBytes: true,
    });
  }

  get done(): boolean {
    return this.#tokens.done();
  }

  read(depth: number): CborValue {
    if (this.done) throw malformed("truncated");
    const start = this.#tokens.pos();
    const token = this.#tokens.next();
    const value: unknown = token.value;
    switch (token.type.name) {
      case "uint":
      case "negint":
        if (Number.isSafeInteger(value)) return Number(value);
        throw malformed("an integer over 2^53-1");
      case "bytes":
        return this.#content(token, start);
      case "string":
        return utf8Decode(this.#content(token, start));
      case "float":
        return this.#float(Number(value), this.#bytes.subarray(start, this.#tokens.pos()));
      case "array":
        return this.#array(Number(value), depth - 1);
      case "map":
        return this.#map(Number(value), depth - 1);
      case "tag":
        return this.#tag(Number(value), depth - 1);
      case "null":
        return null;
      case "true":
        return true;
      case "false":
        return false;
      default:
        throw malformed("a simple value");
    }
  }

  /** The octets of a string are its last ones, copied from the input. */
  #content(token: Token, start: number): Bytes {
    const end = this.#tokens.pos();
    const content = token.byteValue ?? (token.value as unknown);
    const length = content instanceof Uint8Array ? content.length : end - start - 1;
    return this.#bytes.slice(end - length, end);
  }

  #float(value: number, octets: Uint8Array): CborValue {
    const canonicalNan = octets[1] === 0x7e && octets[2] === 0;
    if (octets.length !== floatLength(value) || (Number.isNaN(value) && !canonicalNan)) {
      throw malformed("a float that is not in its shortest form");
    }
    return { float: value };
  }

  #array(count: number, depth: number): readonly CborValue[] {
    this.#enter(count, depth);
    const values: CborValue[] = [];
    while (values.length < count) values.push(this.read(depth));
    return values;
  }

  #map(count: number, depth: number): CborMap {
    this.#enter(count, depth);
    const map = new Map<CborKey, CborValue>();
    let last: Uint8Array | undefined;
    for (let index = 0; index < count; index++) {
      const start = this.#tokens.pos();
      const key = this.read(0);
      const encoded = this.#bytes.subarray(start, this.#tokens.pos());
      if (last !== undefined && compareOctets(last, encoded) >= 0) {
        throw malformed("map keys out of order");
      }
      last = encoded;
      if (typeof key !== "number" && typeof key !== "string" && !isBytes(key)) {
        throw malformed("a map key that is no integer, text or byte string");
      }
      if (key === "__proto__") throw malformed("a forbidden map key");
      map.set(key, this.read(depth));
    }
    return map;
  }

  #tag(tag: number, depth: number): CborValue {
    if (!Number.isSafeInteger(tag)) throw malformed("a tag over 2^53-1");
    this.#enter(1, depth);
    return { tag, content: this.read(depth) };
  }

  #enter(count: number, depth: number): void {
    if (depth < 0) throw malformed("nested too deeply");
    if (count > this.#bytes.length - this.#tokens.pos()) throw malformed("truncated");
  }
}

/** The bytewise lexicographic order of RFC 8949 §4.2.1. */
export function compareOctets(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
