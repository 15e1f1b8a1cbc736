import type { Bytes } from "@treehouse/protocol";

/** As the driver takes octets: a view, for it reads them before the call returns. */
export function toBlob(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** A copy of exact length: the driver's buffers may be part of a larger one. */
export function fromBlob(value: Uint8Array): Bytes {
  return new Uint8Array(value);
}
