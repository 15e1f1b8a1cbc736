import { optional, type RoomUri, struct, u64, u8, vector } from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";

/** What a client remembers of a room's hub beyond the group. */
export type HubRecord = {
  /** The highest term that the hub's key has signed for, as far as this client knows. */
  readonly term: number;
  /** When this client went back behind its own epoch because the hub did, in ms; the newest last. */
  readonly rollbacks: readonly number[];
  /** The intent that comes before all others: somebody is to be out before anything is said. */
  readonly first: number | undefined;
};

const recordCodec = struct({
  version: u8,
  term: u64,
  rollbacks: vector(u64, { countMax: 16 }),
  first: optional(u64),
});

const place = (room: RoomUri) => `hub ${room}`;

export function readHubRecord(tx: LocalTx, room: RoomUri): HubRecord {
  const stored = tx.settings.get(place(room));
  if (stored === undefined) return { term: 0, rollbacks: [], first: undefined };
  const { term, rollbacks, first } = recordCodec.decode(stored);
  return { term, rollbacks, first };
}

export function writeHubRecord(tx: LocalTx, room: RoomUri, record: HubRecord): void {
  tx.settings.put(place(room), recordCodec.encode({ version: 1, ...record }));
}
