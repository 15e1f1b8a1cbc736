import type { Bytes } from "../bytes/index.ts";

/** An integer is a number; a float is set apart, because 1 and 1.0 are different octets. */
export type CborValue =
  | null
  | boolean
  | number
  | string
  | Bytes
  | CborFloat
  | CborTag
  | readonly CborValue[]
  | CborMap;

export type CborKey = number | string | Bytes;
export type CborMap = ReadonlyMap<CborKey, CborValue>;

export interface CborFloat {
  readonly float: number;
}

export interface CborTag {
  readonly tag: number;
  readonly content: CborValue;
}

export function isBytes(value: CborValue | undefined): value is Bytes {
  return value instanceof Uint8Array;
}

export function isMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map;
}

export function isArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value);
}

/**
 * How many octets a float takes in deterministic encoding (RFC 8949 §4.2.1: the shortest that
 * keeps the value), with its leading octet.
 */
export function floatLength(value: number): 3 | 5 | 9 {
  if (Number.isNaN(value)) return 3;
  if (Math.fround(value) !== value) return 9;
  if (!Number.isFinite(value) || value === 0) return 3;
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const exponent = ((view.getUint32(0) >>> 23) & 0xff) - 127;
  if (exponent > 15 || exponent < -24) return 5;
  const lost = exponent >= -14 ? 13 : -1 - exponent;
  const mantissa = (view.getUint32(0) & 0x7fffff) | 0x800000;
  return (mantissa & ((1 << lost) - 1)) === 0 ? 3 : 5;
}
