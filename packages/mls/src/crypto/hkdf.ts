type Bytes = Uint8Array<ArrayBuffer>;

export type Hmac = (key: Uint8Array, data: Uint8Array) => Bytes;

const hashLength = 32;

/** HKDF-Expand of RFC 5869 section 2.3, with HMAC-SHA-256. */
export function hkdfExpand(hmac: Hmac, prk: Uint8Array, info: Uint8Array, length: number): Bytes {
  if (!Number.isInteger(length) || length < 0 || length > 255 * hashLength) {
    throw new RangeError("HKDF gives at most 255 times the length of the hash");
  }
  const okm = new Uint8Array(length);
  let block = new Uint8Array();
  for (let counter = 1, offset = 0; offset < length; counter += 1, offset += hashLength) {
    block = hmac(prk, concat(block, info, Uint8Array.of(counter)));
    okm.set(block.subarray(0, Math.min(hashLength, length - offset)), offset);
  }
  return okm;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
