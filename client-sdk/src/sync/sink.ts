import type {
  Bytes,
  GapReason,
  InboxEntry,
  RoomUri,
  SignedHead,
  StreamUri,
} from "@treehouse/protocol";

import type { Cursor, LocalTx } from "../storage/index.ts";

/** Positions that will never come, and with `restored` what the room's hub declared about it. */
export type SinkGap = {
  readonly from: number;
  readonly to: number;
  readonly reason: GapReason;
  readonly head: SignedHead | undefined;
};

/** Where entries go; owned here, met by the groups layer. */
export interface StreamSink {
  /** `passed`: it has no place in the stream, and nothing of it is kept. Stops at `again`. */
  applyRoomEntries(
    list: readonly Bytes[],
  ): Promise<readonly { room: RoomUri; applied: "applied" | "again" | "passed" }[]>;
  applyInboxEntry(inbox: StreamUri, entry: InboxEntry): Promise<void>;
  applyGap(stream: StreamUri, gap: SinkGap): Promise<void>;
  /** The server was put back from a backup; called before anything of its new life is told. */
  restored(): Promise<void>;
  resume(): Promise<void>;
  /** The own server takes nothing more of this room from its hub. May be told again and again. */
  stopped(room: RoomUri): Promise<void>;
  /** The session is over: who waits for something is told so. */
  over(): void;
  /** Another copy of the store is in use: nothing more is done here. */
  displaced(reason: Error): void;
  /** How far the stream of this cursor is read, which is what its server is told; never behind the cursor. */
  readUpTo(tx: LocalTx, cursor: Cursor): number;
  /** Nothing more will be applied to this stream: it is forked, or the client is out of it. */
  ended(stream: StreamUri): Promise<boolean>;
}
