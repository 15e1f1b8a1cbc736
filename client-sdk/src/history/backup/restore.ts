import { HISTORY_LIMITS, historySegmentCodec } from "@treehouse/protocol";

import type { HistoryContext } from "../context.ts";
import { fetchWhole } from "../fetch-whole.ts";
import { openPiece, sealedOverhead } from "../piece.ts";
import { nothingTaken, sumOf, type TakenCount, takeSegment } from "../take-segment.ts";
import type { BackupSegment } from "./manifest.ts";
import type { BackupPorts } from "./ports.ts";
import { type BackupState, faultOf } from "./state.ts";

/**
 * Takes in a segment, if this store has not done so before. Afterwards the store holds everything that
 * the segment does, and what it knows to be taken back stays so.
 */
export async function mergeSegment(
  context: HistoryContext,
  ports: BackupPorts,
  { id, key }: Pick<BackupState, "id" | "key">,
  { number, link }: BackupSegment,
): Promise<TakenCount> {
  const { uri } = link;
  if (await context.store.transaction((tx) => tx.history.isMerged(uri))) return nothingTaken;
  const bytesMax = HISTORY_LIMITS.historySegmentBytesMax + sealedOverhead;
  const sealed = await fetchWhole(ports, link, bytesMax);
  const place = { kind: "backupSegment", owner: context.self, id, number } as const;
  const segment = historySegmentCodec.decode(openPiece(key, place, sealed));
  return takeSegment(context, segment, context.self, {
    isBackup: true,
    last: (tx) => tx.history.noteMerged(uri),
  });
}

/**
 * Takes in the whole backup, the newest first, so that what was said lately is there within seconds.
 * It can be broken off at any moment and goes on where it was. A segment that is missing or damaged is
 * told, and the others come in.
 */
export async function restoreBackup(
  context: HistoryContext,
  ports: BackupPorts,
  state: BackupState,
): Promise<TakenCount> {
  const { events, store } = context;
  const { segments } = state.manifest;
  const open = await store.transaction((tx) =>
    segments.filter(({ link }) => !tx.history.isMerged(link.uri)),
  );
  const total = segments.length;
  let done = total - open.length;
  let counts = nothingTaken;
  for (const segment of open.toReversed()) {
    ports.life.throwIfAborted();
    try {
      counts = sumOf(counts, await mergeSegment(context, ports, state, segment));
      done += 1;
      events.emit("history", { from: "backup", state: "coming", done, total });
    } catch (error) {
      const fault = faultOf(error);
      if (fault === undefined) throw error;
      events.emit("history", { from: "backup", state: fault, done, total });
    }
  }
  events.emit("history", { from: "backup", state: "complete", done, total });
  return counts;
}
