import type { RoomUri } from "@treehouse/protocol";

import {
  type ArchiveProgress,
  exportLines,
  type HistoryContext,
  type HistoryLine,
  readArchive,
  type TakenCount,
  writeArchive,
} from "../../history/index.ts";
import { type ClientBackup, createClientBackup } from "./backup.ts";
import { toSdkError } from "../../errors/index.ts";
import { guarded } from "../guarded.ts";
import type { Chosen } from "../account/index.ts";
import type { RunningHistory } from "./start-history.ts";

export type ExportWanted = {
  /** Ids; all by default. */
  readonly conversations?: readonly RoomUri[] | undefined;
  /** Only what was accepted from then on, in milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
};

/** What was said, as it leaves this store and comes in. */
export interface ClientHistory {
  /** The encrypted backup at the own server. */
  readonly backup: ClientBackup;
  /**
   * Asks the user's other clients for their history: one that is connected, or comes, seals it for this
   * one. A new client does so by itself where there is no backup. Goes on over ends of either client;
   * the event `history` tells how far it is.
   */
  ask(): Promise<void>;
  /** Everything to be read, as values that are one JSON line each; nothing that was taken back. */
  export(wanted?: ExportWanted): AsyncIterable<HistoryLine>;
  /**
   * The same as one sealed file, piece by piece, for `import`: only this user's clients open it. Refuses
   * `notFound` in a store from before there was a key for it, until the next login.
   */
  archive(
    wanted?: ExportWanted,
    progress?: (done: ArchiveProgress) => void,
  ): AsyncIterable<Uint8Array>;
  /**
   * Takes in an archive, however it is cut into pieces. What is here already stays as it is, and what
   * was taken back stays away, so that it can be done again. Messages say `toldBy` the own address then.
   * Refuses `malformed` for what is no archive or is cut off, after what came before the cut was taken
   * in; `identityInvalid` for another account's, and `invalidMessage` for one that was changed.
   */
  import(
    chunks: AsyncIterable<Uint8Array> | readonly Uint8Array[],
    progress?: (done: TakenCount & { readonly bytes: number }) => void,
  ): Promise<TakenCount>;
}

export function createClientHistory(
  context: HistoryContext,
  { backup, transfer }: RunningHistory,
  chosen: Chosen,
): ClientHistory {
  return {
    backup: createClientBackup(context, backup, chosen),
    ask: () => guarded(() => transfer.ask()),
    export: (wanted) => failing(exportLines(context, roomsOf(wanted))),
    archive: (wanted, progress) => failing(writeArchive(context, roomsOf(wanted), progress)),
    import: (chunks, progress) => guarded(() => readArchive(context, chunks, progress)),
  };
}

function roomsOf(wanted: ExportWanted = {}) {
  return { rooms: wanted.conversations, since: wanted.since };
}

/** What it throws is an `SdkError`, or a bug. */
async function* failing<T>(source: AsyncGenerator<T, void, undefined>) {
  try {
    yield* source;
  } catch (error) {
    throw toSdkError(error);
  }
}
