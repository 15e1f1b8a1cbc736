/**
 * Commits that nobody can apply. The hub cannot check everything in a commit: until somebody else has
 * applied it the room before it is kept, and the word of leaves of two users takes it back.
 */
import { LIMITS } from "@treehouse/protocol";
import type { Cancel, Log, RoomUri } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { verdictOn, voidCommit } from "./void-commit.ts";

export { writeVoid } from "./void-commit.ts";
export { acceptReport } from "./accept-report.ts";
export { createHealthStore } from "./store.sqlite.ts";
export type { HealthStore, StoredHealth, StoredUnsettled } from "./store.ts";
export { checkSuspended } from "./suspension.ts";
export { settled, standingBy, unsettledAfter } from "./unsettled.ts";
export type { RoomHealth } from "./unsettled.ts";
export { adoptVoid } from "./adopt-void.ts";

/** Voids what is due, now or when nobody has contradicted in time. */
export interface HealthWatch {
  /** Call it in the room's turn, when something was reported. */
  judge(room: RoomUri): Promise<void>;
  /** Goes on with what was reported before this process began. */
  look(): Promise<void>;
  /** Nothing more is voided. */
  close(): void;
}

export function createHealthWatch(
  context: DeliveryContext,
  log: Pick<Log, "warn">,
  isUnsettled: (room: RoomUri) => boolean,
): HealthWatch {
  const waiting = new Map<RoomUri, Cancel>();
  const life = { closed: false };
  const judge = async (room: RoomUri): Promise<void> => {
    for (let count = 0; count < attemptsMax && !life.closed; count += 1) {
      const hosted = await context.rooms.get(room);
      const verdict = await verdictOn(context, hosted);
      if (verdict === undefined) return;
      if (verdict.dueInMs > 0) {
        if (waiting.has(room)) return;
        waiting.set(
          room,
          context.env.timer(verdict.dueInMs, () => later(room)),
        );
        return;
      }
      if (await voidCommit(context, hosted, verdict)) return;
      context.rooms.drop(hosted);
    }
  };
  const later = (room: RoomUri): void => {
    waiting.delete(room);
    if (life.closed || isUnsettled(room)) return;
    context.turns
      .take(room, () => judge(room))
      .catch((error: unknown) => log.warn("commitNotVoided", { room, ...errorFields(error) }));
  };
  return {
    judge,
    async look() {
      const { database, store } = context;
      for (const room of await database.read((tx) => store.roomsReported(tx, roomsMax))) {
        later(room);
      }
    },
    close() {
      life.closed = true;
      for (const cancel of waiting.values()) cancel();
      waiting.clear();
    },
  };
}

const attemptsMax = LIMITS.voidFaultsMax;
/** Whoever reports comes back by itself in the rooms beyond. */
const roomsMax = 1_000;
