import { SdkError } from "../errors/index.ts";
import { unlessAborted } from "./patience.ts";

/**
 * What is uploaded. Its size is known and stays the same, and it can be read again from anywhere: a
 * `File` of a browser, `await openAsBlob(path)` of Node, octets in memory, or anything that reads so.
 */
export type AssetSource =
  | Blob
  | Uint8Array
  | {
      readonly size: number;
      /** As many octets as were asked for, unless the end comes first. */
      read(offset: number, length: number): Promise<Uint8Array>;
    };

export type OpenSource = {
  readonly size: number;
  /** Exactly so many octets; throws `sourceChanged` where they are not there any more. */
  read(offset: number, length: number): Promise<Uint8Array>;
};

/** A source that never answers is waited for until the signal is aborted. */
export function openSource(source: AssetSource, signal: AbortSignal | undefined): OpenSource {
  const size = source instanceof Uint8Array ? source.length : source.size;
  return {
    size,
    async read(offset, length) {
      const octets = await unlessAborted(signal, readFrom(source, offset, length));
      if (octets.length !== length) throw changed();
      return octets;
    },
  };
}

async function readFrom(source: AssetSource, offset: number, length: number): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source.subarray(offset, offset + length);
  if (!(source instanceof Blob)) return source.read(offset, length);
  try {
    return new Uint8Array(await source.slice(offset, offset + length).arrayBuffer());
  } catch (cause) {
    // What a Blob says of a file that was written to, or is gone.
    if (cause instanceof DOMException && cause.name === "NotReadableError") throw changed(cause);
    throw cause;
  }
}

export function changed(cause?: unknown): SdkError {
  return new SdkError("sourceChanged", "the source changed while it was uploaded", {
    help: "Upload it again once nobody writes to it.",
    cause,
  });
}
