/**
 * Frees the memory of octets that nobody will look at again: they are empty afterwards. Left to the
 * collector, buffers of a fast transfer make it go through the whole heap some twenty times a second.
 * A view of a part is left alone, for the rest may be somebody else's.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
