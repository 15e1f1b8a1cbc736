import { type Bytes, type Domain, equalBytes } from "@treehouse/protocol";
import type { StoredInbound } from "../store/index.ts";

/** How far the streams of peers have come, as it is committed. Only of the newest life of each. */
export interface KnownStreams {
  get(origin: Domain, incarnation: Bytes): StoredInbound | undefined;
  keep(origin: Domain, incarnation: Bytes, stream: StoredInbound): void;
  /** After COMMIT. Changes nothing of a stream that is not known. */
  moved(origin: Domain, stream: StoredInbound): void;
}

const streamsMax = 1_000;

/** Batches of one peer come one after another, and nothing else moves its stream. */
export function createKnownStreams(): KnownStreams {
  const streams = new Map<Domain, { readonly incarnation: Bytes; stream: StoredInbound }>();
  return {
    get(origin, incarnation) {
      const known = streams.get(origin);
      if (known === undefined || !equalBytes(known.incarnation, incarnation)) return undefined;
      return known.stream;
    },
    keep(origin, incarnation, stream) {
      if (!stream.newest) return;
      streams.delete(origin);
      if (streams.size >= streamsMax) {
        const [oldest] = streams.keys();
        if (oldest !== undefined) streams.delete(oldest);
      }
      // A copy: what was read is a view of the request.
      streams.set(origin, { incarnation: incarnation.slice(), stream });
    },
    moved(origin, stream) {
      const known = streams.get(origin);
      if (known?.stream.id === stream.id) known.stream = stream;
    },
  };
}
