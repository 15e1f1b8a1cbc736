/** Octets over a plain, non-shared buffer: what every codec and port of Treehouse gives. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Joins the parts into one new array. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/**
 * Compares two byte strings. The time taken depends on the lengths alone, not on the content, so
 * that it may be used for tags and hashes.
 */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  // An iterator costs fifteen times as much, and whole handshakes are compared.
  for (let index = 0; index < left.length; index += 1) {
    difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  }
  return difference === 0;
}

/** Gives the same octets with a buffer of its own, whatever the input's buffer was. */
export function copyBytes(bytes: Uint8Array): Bytes {
  return new Uint8Array(bytes);
}
