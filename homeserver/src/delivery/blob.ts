import type { Bytes } from "@treehouse/protocol";

/** A view, not a copy: the database driver reads it before the call returns. */
export function buffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A copy of exact length: a buffer of the driver may be part of a larger one. */
export function bytes(value: Uint8Array): Bytes {
  return new Uint8Array(value);
}
