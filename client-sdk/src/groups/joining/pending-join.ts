import {
  type Bytes,
  fixed,
  optional,
  parseRoomUri,
  type RoomUri,
  struct,
  u8,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

/** What this client comes into a room with; kept until it is in, or never will be. */
export type PendingJoin = {
  readonly seed: Bytes | undefined;
  readonly metadataKey: Bytes | undefined;
};

const pendingCodec = struct({
  version: u8,
  seed: optional<Bytes>(fixed(32)),
  metadataKey: optional<Bytes>(fixed(32)),
});

const start = "join ";

export function readPendingJoin(tx: LocalTx, room: RoomUri): PendingJoin | undefined {
  const stored = tx.settings.get(start + room);
  return stored && pendingCodec.decode(stored);
}

export function writePendingJoin(tx: LocalTx, room: RoomUri, join: PendingJoin): void {
  tx.settings.put(start + room, pendingCodec.encode({ version: 1, ...join }));
}

export function deletePendingJoin(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(start + room);
}

const came = "came in ";

/** This client is in: until others have applied the commit by which it came, that may be taken back. */
export function finishPendingJoin(tx: LocalTx, room: RoomUri): void {
  const stored = tx.settings.get(start + room);
  if (stored !== undefined) tx.settings.put(came + room, stored);
  deletePendingJoin(tx, room);
}

/** What this client came in by is void: it comes once more (FED-1104). False where it did not so come. */
export function comeOnceMore(tx: LocalTx, room: RoomUri): boolean {
  const stored = tx.settings.get(came + room);
  if (stored === undefined) return false;
  tx.settings.delete(came + room);
  tx.settings.put(start + room, stored);
  return true;
}

export function forgetJoin(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(came + room);
}

export function pendingJoins(tx: LocalTx): readonly RoomUri[] {
  return tx.settings.namesAfter(start).map(parseRoomUri);
}
