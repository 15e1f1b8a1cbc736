/**
 * Where octets lie that nobody here can read. A key is 64 hexadecimal digits, made here of a hash
 * and never of what somebody sent (T-30). `blob-store.contract.ts` says how an adapter must behave.
 */
export interface BlobStore {
  /**
   * Takes a file over as a blob: durable when it resolves, and then the file is gone. A blob that is
   * there already stays what it is. A crash on the way leaves the blob, the file, or both. Throws
   * "storageFull" when there is no room.
   */
  adopt(key: string, file: string, size: number): Promise<void>;
  has(key: string): Promise<boolean>;
  /**
   * So many octets from an offset on, in buffers of a bounded size that are the reader's own; they
   * must lie within the blob.
   * Throws `BlobGone` if there is none of that key.
   */
  read(key: string, offset: number, length: number): AsyncIterable<Uint8Array>;
  /** Gone for good when it resolves; does nothing if there is none of that key. */
  delete(key: string): Promise<void>;
  /** Every key with the time of its last change, in milliseconds since the Unix epoch. */
  list(): AsyncIterable<{ readonly key: string; readonly changedAt: number }>;
  close(): Promise<void>;
}

/** A blob that should be there is not: lost, or left out of a restored backup. */
export class BlobGone extends Error {
  override readonly name = "BlobGone";
}
