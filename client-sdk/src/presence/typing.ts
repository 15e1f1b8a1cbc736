import {
  type Bytes,
  type Cancel,
  type ClientUri,
  type Env,
  formatAddress,
  type RoomUri,
  TYPING_MEDIA_TYPE,
  typingCodec,
  userOfClient,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { LocalStore } from "../storage/index.ts";
import type { Rooms } from "./ports.ts";

/** Who writes just now, here and elsewhere. */
export interface Typing {
  /** Says that this user writes in a room, at most every three seconds, or has stopped to. */
  say(room: RoomUri, on: boolean): Promise<void>;
  heard(room: RoomUri, sender: ClientUri, content: Bytes): void;
  /** A message of that client has come: it writes no more. */
  spoke(room: RoomUri, sender: ClientUri): void;
  stop(): void;
}

/** FED-855. */
const everyMs = 3_000;
const endsAfterMs = 6_000;
/** Rooms and people that are remembered at once; whoever comes beyond is not told of. */
const writersMax = 1_000;

export function createTyping(
  env: Pick<Env, "timer" | "monotonic">,
  parts: {
    readonly store: Pick<LocalStore, "transaction">;
    readonly rooms: Pick<Rooms, "whisper">;
    readonly events: Pick<Events<ClientEvents>, "emit">;
  },
): Typing {
  const { store, rooms, events } = parts;
  /** When it was last said of each room that this user writes there. */
  const said = new Map<RoomUri, number>();
  const writers = new Map<string, Cancel>();

  const tell = (room: RoomUri, sender: ClientUri, on: boolean): void =>
    events.emit("typing", { room, address: formatAddress(userOfClient(sender)), on });
  const nameOf = (room: RoomUri, sender: ClientUri) => `${room} ${userOfClient(sender)}`;

  const end = (room: RoomUri, sender: ClientUri): void => {
    const name = nameOf(room, sender);
    const cancel = writers.get(name);
    if (cancel === undefined) return;
    cancel();
    writers.delete(name);
    tell(room, sender, false);
  };

  return {
    async say(room, on) {
      const now = env.monotonic();
      const last = said.get(room);
      const writes = last !== undefined && now - last < endsAfterMs;
      if (on ? last !== undefined && now - last < everyMs : !writes) return;
      if (!(await store.transaction((tx) => tx.preferences.get().typing))) return;
      if (on) said.set(room, now);
      else said.delete(room);
      const content = typingCodec.encode({ flags: { on } });
      await rooms.whisper(room, { mediaType: TYPING_MEDIA_TYPE, content });
    },
    heard(room, sender, content) {
      if (!typingCodec.decode(content).flags.on) {
        end(room, sender);
        return;
      }
      const name = nameOf(room, sender);
      const known = writers.get(name);
      if (known === undefined && writers.size >= writersMax) return;
      known?.();
      writers.set(
        name,
        env.timer(endsAfterMs, () => end(room, sender)),
      );
      if (known === undefined) tell(room, sender, true);
    },
    spoke: end,
    stop() {
      for (const cancel of writers.values()) cancel();
      writers.clear();
    },
  };
}
