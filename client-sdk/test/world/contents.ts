/** Octets that no two places of a file have in common, so that whatever moves shows. */
export function content(
  length: number,
  offset = 0,
  octets: Uint8Array<ArrayBuffer> = new Uint8Array(length),
): Uint8Array<ArrayBuffer> {
  const view = new DataView(octets.buffer, octets.byteOffset, length);
  const skew = offset % 4;
  let at = skew === 0 ? 0 : 4 - skew;
  for (let index = 0; index < Math.min(at, length); index += 1) {
    octets[index] = octetAt(offset + index);
  }
  for (; at + 4 <= length; at += 4) view.setUint32(at, wordAt(offset + at), true);
  for (; at < length; at += 1) octets[at] = octetAt(offset + at);
  return octets;
}

function wordAt(place: number): number {
  return Math.imul(Math.floor(place / 4) + 1, 0x9e3779b1) >>> 0;
}

function octetAt(place: number): number {
  return (wordAt(place) >>> (8 * (place % 4))) & 255;
}

export async function whole(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of stream) pieces.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
