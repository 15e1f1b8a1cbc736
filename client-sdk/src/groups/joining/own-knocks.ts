import {
  type Bytes,
  fixed,
  optional,
  parseRoomUri,
  type RoomUri,
  struct,
  u64,
  u8,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";

/** A room at which this client has knocked, and with whose seed it comes in once it is admitted. */
export type OwnKnock = {
  readonly seed: Bytes;
  readonly metadataKey: Bytes | undefined;
  readonly at: number;
};

const knockCodec = struct({
  version: u8,
  seed: fixed(32),
  metadataKey: optional<Bytes>(fixed(32)),
  at: u64,
});

const start = "knocked ";

export function readOwnKnock(tx: LocalTx, room: RoomUri): OwnKnock | undefined {
  const stored = tx.settings.get(start + room);
  return stored && knockCodec.decode(stored);
}

export function writeOwnKnock(tx: LocalTx, room: RoomUri, knock: OwnKnock): void {
  tx.settings.put(start + room, knockCodec.encode({ version: 1, ...knock }));
}

export function deleteOwnKnock(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(start + room);
}

export function ownKnocks(tx: LocalTx): readonly RoomUri[] {
  return tx.settings.namesAfter(start).map(parseRoomUri);
}
