import { type Bytes, concatBytes, utf8Encode } from "../bytes/index.ts";
import { type CborMap, type CborValue, floatLength, isArray, isBytes, isMap } from "./cbor.ts";
import { compareOctets } from "./decode-cbor.ts";

/**
 * Encodes a value deterministically (RFC 8949 §4.2.1): shortest lengths, sorted map keys. A value
 * without an encoding (an integer that is not safe, a key twice) is a RangeError.
 */
export function encodeCbor(value: CborValue): Bytes {
  const parts: Uint8Array[] = [];
  write(parts, value);
  return concatBytes(...parts);
}

function write(parts: Uint8Array[], value: CborValue): void {
  if (value === null) parts.push(Uint8Array.of(0xf6));
  else if (typeof value === "boolean") parts.push(Uint8Array.of(value ? 0xf5 : 0xf4));
  else if (typeof value === "number") parts.push(integer(value));
  else if (typeof value === "string") writeString(parts, 3, utf8Encode(value));
  else if (isBytes(value)) writeString(parts, 2, value);
  else if (isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) write(parts, item);
  } else if (isMap(value)) writeMap(parts, value);
  else if ("float" in value) parts.push(float(value.float));
  else {
    parts.push(head(6, value.tag));
    write(parts, value.content);
  }
}

function writeString(parts: Uint8Array[], major: number, octets: Uint8Array): void {
  parts.push(head(major, octets.length), octets);
}

function writeMap(parts: Uint8Array[], map: CborMap): void {
  const entries = [...map]
    .map(([key, value]) => ({ key: encodeCbor(key), value }))
    .toSorted((a, b) => compareOctets(a.key, b.key));
  parts.push(head(5, entries.length));
  let last: Uint8Array | undefined;
  for (const { key, value } of entries) {
    if (last !== undefined && compareOctets(last, key) === 0) throw new RangeError("a key twice");
    last = key;
    parts.push(key);
    write(parts, value);
  }
}

function integer(value: number): Bytes {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`);
  return value < 0 ? head(1, -1 - value) : head(0, value);
}

/** The first octets of an item: its major type and its length or value in the shortest form. */
function head(major: number, value: number): Bytes {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no length`);
  const top = major << 5;
  if (value < 24) return Uint8Array.of(top | value);
  if (value < 0x100) return Uint8Array.of(top | 24, value);
  if (value < 0x1_0000) return Uint8Array.of(top | 25, value >> 8, value & 255);
  const wide = value >= 0x1_0000_0000;
  const octets = new Uint8Array(wide ? 9 : 5);
  const view = new DataView(octets.buffer);
  octets[0] = top | (wide ? 27 : 26);
  if (wide) view.setBigUint64(1, BigInt(value));
  else view.setUint32(1, value);
  return octets;
}

function float(value: number): Bytes {
  const octets = new Uint8Array(floatLength(value));
  const view = new DataView(octets.buffer);
  octets[0] = octets.length === 9 ? 0xfb : octets.length === 5 ? 0xfa : 0xf9;
  if (octets.length === 9) view.setFloat64(1, value);
  else if (octets.length === 5) view.setFloat32(1, value);
  else view.setUint16(1, half(value));
  return octets;
}

/** The 16 bits of a float that `floatLength` found to fit into them. */
function half(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size === Infinity) return sign | 0x7c00;
  if (size < 2 ** -14) return sign | (size * 2 ** 24);
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, size);
  const bits = view.getUint32(0);
  return sign | (((bits >>> 23) - 112) << 10) | ((bits >>> 13) & 0x3ff);
}
