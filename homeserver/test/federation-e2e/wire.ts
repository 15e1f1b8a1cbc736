import { batchCodec, decodeEntry, peerRoutes, readItem } from "@treehouse/protocol";
import type { FaultProxy, HttpMessage } from "../../../packages/testkit/src/index.ts";

/** What went over a link between two servers since it was asked for. */
export interface Wire {
  /** Every request as it was sent, heads and bodies. */
  readonly requests: readonly HttpMessage[];
  /** Entries of rooms in batches, in the order in which they were sent; repetitions included. */
  entries(): readonly { readonly room: string; readonly position: number }[];
  /** Signed heads, wherever they stood. */
  heads(): readonly { readonly room: string; readonly position: number }[];
  stop(): void;
}

export function recordWire(link: FaultProxy): Wire {
  const requests: HttpMessage[] = [];
  const stop = link.onArrived((request) => void requests.push(request));
  const batches = () =>
    requests
      .filter(({ startLine }) => startLine.startsWith(`POST ${peerRoutes.notify} `))
      .map((request) => batchCodec.decode(new Uint8Array(bodyOf(request))));
  const deliveries = () =>
    batches().flatMap(({ items }) =>
      items.map((item) => readItem(item)).filter((body) => body.kind === "entry"),
    );
  return {
    requests,
    entries: () =>
      deliveries().map(({ entry }) => {
        const { room, position } = decodeEntry(entry);
        return { room, position };
      }),
    heads: () =>
      [
        ...batches().flatMap(({ heads }) => heads),
        ...deliveries().flatMap(({ head }) => (head === undefined ? [] : [head])),
      ].map(({ head }) => ({ room: head.room, position: head.position })),
    stop,
  };
}

export function bodyOf({ bytes }: HttpMessage): Buffer {
  return bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
}
