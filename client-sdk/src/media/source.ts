/** Octets that can be read from any place, and do not change meanwhile. */
export interface MediaSource {
  readonly size: number;
  /** Fewer octets only at the end. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** What a program hands over as a file. */
export type FileOctets = Blob | Uint8Array | MediaSource;

export function sourceOf(octets: FileOctets): MediaSource {
  if (octets instanceof Uint8Array) {
    return {
      size: octets.length,
      read: (offset, length) => Promise.resolve(octets.subarray(offset, offset + length)),
    };
  }
  if (octets instanceof Blob) {
    return {
      size: octets.size,
      read: async (offset, length) =>
        new Uint8Array(await octets.slice(offset, offset + length).arrayBuffer()),
    };
  }
  return octets;
}
