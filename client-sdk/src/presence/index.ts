/**
 * Who is there and who writes: told by ephemeral messages, kept in memory alone. Presence goes to
 * contacts by the conversations of two, and to nobody else; typing to a conversation's members. What a
 * setting forbids never leaves the client.
 */
import {
  type Bytes,
  type ClientUri,
  type Env,
  parseAddress,
  PRESENCE_MEDIA_TYPE,
  Refusal,
  type RoomUri,
  TYPING_MEDIA_TYPE,
  userOfClient,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../events/index.ts";
import type { LocalStore } from "../storage/index.ts";
import type { PresenceChoice } from "./choice.ts";
import { type ContactPresence, createOthers } from "./others.ts";
import { createOwnPresence } from "./own.ts";
import type { Rooms } from "./ports.ts";
import { createTyping } from "./typing.ts";

export type { PresenceChoice } from "./choice.ts";
export type { ContactPresence } from "./others.ts";

export interface ClientPresence {
  /**
   * Chooses how contacts see this client's user, until it is chosen otherwise: it survives
   * reconnecting and the end of the process, though nothing is said before `set` or `active` of the
   * next one. Each client speaks for itself, and the one that is most there counts. Refuses
   * `tooLarge` for an activity of more than 128 octets.
   */
  set(choice: PresenceChoice): Promise<void>;
  /** What was chosen for this client. */
  own(): Promise<PresenceChoice>;
  /** Somebody is at the device: call it at input. Ten minutes later `online` becomes `idle`. */
  active(): Promise<void>;
  /** How a contact is there; `offline` for everybody else. */
  of(address: string): Promise<ContactPresence>;
  /** The contacts that are there, by address. */
  list(): Promise<readonly ContactPresence[]>;
}

export interface Presences {
  readonly face: ClientPresence;
  typing(room: RoomUri, on: boolean): Promise<void>;
  /** Something ephemeral was heard of somebody's client. */
  overheard(heard: {
    readonly room: RoomUri;
    readonly sender: ClientUri;
    readonly mediaType: string;
    readonly content: Bytes;
  }): void;
  /** What may be said is perhaps another now. */
  settingsChanged(): void;
  /** A message of somebody's client has come. */
  spoke(room: RoomUri, sender: ClientUri): void;
  stop(): void;
}

export function createPresences(
  env: Pick<Env, "now" | "monotonic" | "timer" | "log">,
  parts: {
    readonly store: Pick<LocalStore, "transaction">;
    readonly rooms: Rooms;
    readonly events: Events<ClientEvents>;
  },
): Presences {
  const { store, rooms, events } = parts;
  const typing = createTyping(env, parts);
  const own = createOwnPresence(env, { store, rooms });
  const others = createOthers(env, (presence) => events.emit("presence", presence));

  const again = (only?: Parameters<typeof own.announce>[0]): void => {
    own.announce(only).catch((error: unknown) => {
      env.log.warn("presence.notTold", { error: String(error) });
    });
  };
  const stops = [
    events.on("state", ({ state }) => {
      if (state === "live") again();
    }),
    events.on("contact", ({ user, state }) => {
      if (state === "mutual") again(user);
      else others.forget(user);
    }),
    events.on("joined", ({ room }) => own.tell(room, true)),
    events.on("accountData", ({ record, change }) => {
      if (record === "settings" && change === "merged") again();
    }),
  ];

  const isContact = (user: ReturnType<typeof userOfClient>): Promise<boolean> =>
    store.transaction((tx) => tx.relations.get(user)?.state === "mutual");

  /** Only a contact is heard, and only in a conversation of two. */
  async function heardPresence(room: RoomUri, sender: ClientUri, content: Bytes): Promise<void> {
    const user = userOfClient(sender);
    const counts = await store.transaction(
      (tx) =>
        tx.rooms.get(room)?.template === "direct" && tx.relations.get(user)?.state === "mutual",
    );
    if (!counts) return;
    if (others.heard(sender, content).asks) own.tell(room, false);
  }

  return {
    face: {
      set: (choice) => own.set(choice),
      own: () => own.choice(),
      active: () => own.active(),
      async of(address) {
        const user = parseAddress(address);
        if (!(await isContact(user))) return { address, state: "offline" };
        return others.of(user);
      },
      list: async () => others.list(),
    },
    typing: (room, on) => typing.say(room, on),
    overheard({ room, sender, mediaType, content }) {
      try {
        if (mediaType === TYPING_MEDIA_TYPE) typing.heard(room, sender, content);
        else if (mediaType === PRESENCE_MEDIA_TYPE) {
          heardPresence(room, sender, content).catch((error: unknown) => {
            if (error instanceof Refusal) return;
            env.log.warn("presence.notHeard", { error: String(error) });
          });
        }
      } catch (error) {
        // What cannot be read is dropped (FED-854).
        if (!(error instanceof Refusal)) throw error;
      }
    },
    settingsChanged: () => again(),
    spoke: (room, sender) => typing.spoke(room, sender),
    stop() {
      for (const stop of stops) stop();
      typing.stop();
      own.stop();
      others.stop();
    },
  };
}
