import {
  type Cancel,
  type Env,
  PRESENCE_MEDIA_TYPE,
  presenceCodec,
  type PresenceState,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalStore } from "../storage/index.ts";
import { checkChoice, type PresenceChoice, readChoice, writeChoice } from "./choice.ts";
import type { Rooms } from "./ports.ts";

/** How this client shows its user to contacts; nothing is said before one of these acts. */
export interface OwnPresence {
  /** Resolves once every contact that can be reached was told. */
  set(choice: PresenceChoice): Promise<void>;
  choice(): Promise<PresenceChoice>;
  /** There is somebody at the device. */
  active(): Promise<void>;
  /** Tells the other one of a conversation of two how one is there, and asks back if wanted. */
  tell(room: RoomUri, asks: boolean): void;
  /** Tells everybody, or one contact, anew: the connection is there again, or a setting has changed. */
  announce(only?: UserUri): Promise<void>;
  stop(): void;
}

/** FED-856. */
const renewMs = 60_000;
/** */
const idleAfterMs = 10 * 60_000;
/** One contact who asks is answered this often. */
const answerEveryMs = 2_000;

export function createOwnPresence(
  env: Pick<Env, "now" | "monotonic" | "timer">,
  parts: { readonly store: Pick<LocalStore, "transaction">; readonly rooms: Rooms },
): OwnPresence {
  const { store, rooms } = parts;
  let shown = false;
  let stopped = false;
  let activeAt = 0;
  let lastSaid: PresenceState | undefined;
  let cancelRenewal: Cancel | undefined;
  let cancelWait: (() => void) | undefined;
  /** Whom to tell, and whether to ask. */
  const due = new Map<RoomUri, { readonly peer: UserUri; readonly asks: boolean }>();
  /** When whoever asked was answered last, and answers that wait. */
  const toldAt = new Map<RoomUri, number>();
  const postponed = new Map<RoomUri, Cancel>();
  let pumping: Promise<void> | undefined;

  function stateOf({ state }: PresenceChoice): PresenceState | undefined {
    if (state === "invisible") return undefined;
    const away = state === "online" && env.monotonic() - activeAt >= idleAfterMs;
    return away ? "idle" : state;
  }

  /** Judged anew for each contact in the moment of telling it. */
  async function contentFor(peer: UserUri, asks: boolean) {
    const { choice, permitted } = await store.transaction((tx) => ({
      choice: readChoice(tx),
      permitted:
        tx.preferences.get().presence === "contacts" && tx.relations.get(peer)?.state === "mutual",
    }));
    const state = stateOf(choice);
    if (!permitted || !shown || stopped || state === undefined) return undefined;
    lastSaid = state;
    const { activity = "", until = 0 } = choice;
    const over = until !== 0 && until <= env.now();
    return presenceCodec.encode({
      flags: { asks },
      state,
      activity: over ? "" : activity,
      activityUntil: over || activity === "" ? 0 : until,
    });
  }

  async function pump(): Promise<void> {
    for (;;) {
      const [next] = due;
      if (next === undefined || stopped) return;
      const [room, { peer, asks }] = next;
      due.delete(room);
      const content = await contentFor(peer, asks);
      if (content === undefined) continue;
      const done = await rooms.whisper(room, { mediaType: PRESENCE_MEDIA_TYPE, content });
      if (typeof done === "string") continue;
      if (!due.has(room)) due.set(room, { peer, asks });
      await pause(done.retryAfterMs);
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = env.timer(ms, () => {
        cancelWait = undefined;
        resolve();
      });
      cancelWait = () => {
        cancel();
        resolve();
      };
    });
  }

  function run(): Promise<void> {
    pumping ??= pump().finally(() => {
      pumping = undefined;
    });
    return pumping;
  }

  async function tellWhere(
    fits: (one: { readonly room: RoomUri; readonly peer: UserUri }) => boolean,
    asks: boolean,
  ): Promise<void> {
    if (!shown || stopped) return;
    for (const one of await rooms.directRooms()) {
      if (!fits(one)) continue;
      const { room, peer } = one;
      due.set(room, { peer, asks: asks || due.get(room)?.asks === true });
    }
    await run();
  }

  const tellAll = (asks: boolean, only?: UserUri): Promise<void> =>
    tellWhere(({ peer }) => only === undefined || peer === only, asks);

  function tellRoom(room: RoomUri, asks: boolean): void {
    toldAt.set(room, env.monotonic());
    void tellWhere((one) => one.room === room, asks).catch(() => undefined);
  }

  /** Says the same again before it ends at the others, and what has become of it meanwhile. */
  function renew(): void {
    cancelRenewal?.();
    if (stopped) return;
    const leftMs = idleAfterMs - (env.monotonic() - activeAt);
    const waitMs = leftMs > 0 ? Math.min(renewMs, leftMs) : renewMs;
    cancelRenewal = env.timer(waitMs, () => {
      void tellAll(false).catch(() => undefined);
      renew();
    });
  }

  function show(): boolean {
    activeAt = env.monotonic();
    const fresh = !shown;
    shown = true;
    if (fresh) renew();
    return fresh;
  }

  return {
    async set(wanted) {
      const choice = checkChoice(wanted, env.now());
      await store.transaction((tx) => writeChoice(tx, choice));
      const fresh = show();
      renew();
      await tellAll(fresh || lastSaid === undefined);
    },
    choice: () => store.transaction((tx) => readChoice(tx)),
    async active() {
      const fresh = show();
      const state = stateOf(await store.transaction((tx) => readChoice(tx)));
      if (!fresh && state === lastSaid) return;
      renew();
      await tellAll(fresh);
    },
    tell(room, asks) {
      if (!shown || stopped || postponed.has(room)) return;
      const waitMs = (toldAt.get(room) ?? -Infinity) + answerEveryMs - env.monotonic();
      if (waitMs <= 0) {
        tellRoom(room, asks);
        return;
      }
      // Whoever asks all the time is answered now and then.
      const cancel = env.timer(waitMs, () => {
        postponed.delete(room);
        tellRoom(room, asks);
      });
      postponed.set(room, cancel);
    },
    announce: (only) => tellAll(true, only),
    stop() {
      stopped = true;
      cancelRenewal?.();
      cancelWait?.();
      for (const cancel of postponed.values()) cancel();
      due.clear();
    },
  };
}
