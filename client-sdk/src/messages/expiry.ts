import type { Env, RoomUri } from "@treehouse/protocol";
import { utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { ClientEvents, Events } from "../events/index.ts";
import type { Alarm } from "../groups/index.ts";
import type { LocalStore, LocalTx, MessageRow } from "../storage/index.ts";

/**
 * How far the own clock may be ahead of the last time that a server told, before it is no longer
 * believed: what is over by it is not shown then, and is erased once a server's time has come so far.
 */
export const clockAheadMaxMs = 24 * 60 * 60 * 1000;
/** Passed time is counted by a timer, so that a clock that jumps changes nothing of it. */
const tickMs = 60 * 60 * 1000;
const pageSize = 500;

const clockSchema = z.object({ floor: z.number(), server: z.number() });
const setting = "expiry clock";

export type ExpiryParts = {
  readonly env: Pick<Env, "now" | "log">;
  readonly store: LocalStore;
  readonly events: Events<ClientEvents>;
  readonly alarm: Alarm;
  /** The newest time that a server has told in this run; 0 at first. */
  readonly serverTime: () => number;
  /** Up to where the user has read. */
  readonly readPosition: (tx: LocalTx, room: RoomUri) => number;
  /** Erases as a deletion does, and leaves nothing that is shown. */
  readonly erase: (tx: LocalTx, message: MessageRow) => void;
};

/** Lets messages go at their time (R-044, FED-836). */
export interface Expiry {
  /** Erases what is over. Call it before anything is shown. */
  purge(): Promise<void>;
  /** Whether a message is not to be shown any more, although it may be there still. */
  isOver(message: Pick<MessageRow, "expiresAt">): boolean;
  /** Whether it is over for certain. */
  isGone(expiresAt: number | undefined): boolean;
  /** Something may go earlier than was known. */
  look(): void;
}

export function createExpiry(parts: ExpiryParts): Expiry {
  const { env, store, events, alarm } = parts;
  /** The highest time that was believed, which never sinks; the server's; and what passed since. */
  let clock = { floor: 0, server: 0 };
  let passed = 0;
  let loaded = false;
  let due = true;
  let next: number | undefined;

  const believed = (): number => {
    const told = parts.serverTime();
    if (told > clock.server) {
      clock = { ...clock, server: told };
      passed = 0;
    }
    const most = clock.server + passed + clockAheadMaxMs;
    return Math.max(clock.floor, Math.min(env.now(), most));
  };
  const load = (tx: LocalTx) => {
    const bytes = tx.settings.get(setting);
    const stored = bytes && clockSchema.safeParse(JSON.parse(utf8Decode(bytes))).data;
    if (stored !== undefined) clock = stored;
    loaded = true;
  };
  const step = (tx: LocalTx): readonly MessageRow[] => {
    if (!loaded) load(tx);
    const now = believed();
    for (const room of tx.expiring.unread()) {
      tx.expiring.begin(room, parts.readPosition(tx, room), now);
    }
    const over = tx.expiring.due(now, pageSize);
    for (const message of over) parts.erase(tx, message);
    if (over.length > 0 || tx.expiring.next() !== undefined) {
      clock = { ...clock, floor: now };
      tx.settings.put(setting, utf8Encode(JSON.stringify(clock)));
    }
    next = tx.expiring.next();
    return over;
  };
  const wait = () => {
    alarm.cancel();
    if (next === undefined) return;
    const delayMs = Math.min(tickMs, Math.max(next - believed(), 1_000));
    alarm.set(delayMs, () => {
      passed += delayMs;
      due = true;
      purge().catch((error: unknown) => {
        env.log.warn("expiry.failed", { error: String(error) });
      });
    });
  };
  const purge = async (): Promise<void> => {
    if (!due && (next === undefined || believed() < next)) return;
    due = false;
    let over: readonly MessageRow[];
    do {
      over = await store.transaction(step);
      for (const [room, ids] of byRoom(over)) events.emit("expired", { room, messages: ids });
    } while (over.length === pageSize);
    wait();
  };
  return {
    purge,
    isOver: ({ expiresAt }) =>
      expiresAt !== undefined && expiresAt <= Math.max(env.now(), believed()),
    isGone: (expiresAt) => expiresAt !== undefined && expiresAt <= believed(),
    look() {
      due = true;
      alarm.cancel();
      alarm.set(0, () => {
        purge().catch((error: unknown) => {
          env.log.warn("expiry.failed", { error: String(error) });
        });
      });
    },
  };
}

function byRoom(messages: readonly MessageRow[]): ReadonlyMap<RoomUri, readonly string[]> {
  const rooms = new Map<RoomUri, string[]>();
  for (const { room, messageId } of messages) {
    rooms.set(room, [...(rooms.get(room) ?? []), messageId]);
  }
  return rooms;
}
