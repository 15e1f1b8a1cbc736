import { readChange } from "@treehouse/mls/public";
import {
  type Bytes,
  decodeEntry,
  decodeRoomState,
  type LeafChange,
  type RoomState,
  type RoomUri,
  roomView,
  type RoomView,
  type Roster,
} from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { RoomLog } from "../ports.ts";
import { rosterBefore } from "../room/index.ts";

/** What is known of a room now. */
export type KnownRoom = {
  readonly room: RoomUri;
  readonly generation: number;
  readonly roster: Roster;
  /** The newest state that is known, with the epoch that it is of. */
  readonly newest: { readonly epoch: number; readonly state: RoomState } | undefined;
};

/**
 * What a room said, and who was in it, when its log had come to a position: from what is known now, and
 * from the handshakes that are here. Undefined where those do not tell.
 */
export async function viewAt(
  { roomLog }: { readonly roomLog: Pick<RoomLog, "readLog"> },
  tx: ReadTx,
  { room, generation, roster, newest }: KnownRoom,
  at: { readonly position: number; readonly epoch: number },
): Promise<RoomView | undefined> {
  const changes: LeafChange[] = [];
  let states: readonly { readonly epoch: number; readonly roomState: Bytes }[] = [];
  let hasChangedSince = false;
  for (let after = 0; ;) {
    const { entries } = await roomLog.readLog(tx, room, { after, handshakesOnly: true });
    for (const { bytes, position } of entries) {
      after = position;
      const entry = decodeEntry(bytes, "sliced");
      if (entry.generation !== generation) continue;
      if (entry.kind !== "commit" && entry.kind !== "void") continue;
      const isLater = position > at.position;
      if (isLater) changes.push(...entry.leafChanges);
      if (entry.kind === "void") {
        if (isLater) hasChangedSince = true;
        else states = states.filter(({ epoch }) => epoch <= entry.epoch);
        continue;
      }
      const { roomState } = readChange(entry.commit);
      if (roomState === undefined) continue;
      if (isLater) hasChangedSince = true;
      else states = [...states, { epoch: entry.epoch + 1, roomState }];
    }
    if (entries.length === 0) break;
  }
  const before = rosterBefore(roster, changes);
  const said = states.at(-1);
  const isStill = newest !== undefined && (!hasChangedSince || newest.epoch <= at.epoch);
  const kept = isStill && (said === undefined || newest.epoch >= said.epoch) ? newest : undefined;
  const state = kept?.state ?? (said && decodeRoomState(said.roomState));
  return before && state && roomView(state, before);
}
