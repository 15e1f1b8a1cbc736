/**
 * What users say of themselves. A profile travels as a message into the conversations whose members
 * may see it (decision 41): no server holds it, and whoever is no member any more hears nothing new.
 */
import type { Env, RoomUri, UserUri } from "@treehouse/protocol";

import { PROFILE_RECORD } from "../account/index.ts";
import type { ClientEvents, Events } from "../events/index.ts";
import { type Alarm, type Alarms, createAlarms, type Groups } from "../groups/index.ts";
import type { Takers } from "../messages/index.ts";
import type { LocalStore } from "../storage/index.ts";
import { forgetSaid, keepProfile, noteSaid } from "./kept-profiles.ts";
import { type OwnProfile, type ProfileChange, writeOwnProfile } from "./own-profile.ts";
import { sayProfile } from "./say-profile.ts";

export { profileKept } from "./kept-profiles.ts";
export type { OwnProfile, ProfileAudience, ProfileChange, ProfileField } from "./own-profile.ts";
export { readOwnProfile } from "./own-profile.ts";

/** Takes in profiles as they come; what others say is told. */
export function profileTaker(self: UserUri, tell: (user: UserUri) => void): Takers["profile"] {
  return (tx, { user, room, profile, acceptedAt }) => {
    if (user === self) {
      noteSaid(tx, room, profile);
      return () => undefined;
    }
    const kept = keepProfile(tx, user, { room, profile, acceptedAt });
    return () => {
      if (kept) tell(user);
    };
  };
}

export interface Profiles {
  /**
   * Chooses what is named and says it wherever it may be heard. Resolves when it is said everywhere, or
   * after a while: a hub that is away gets it when it is back.
   */
  set(change: ProfileChange, at: number): Promise<OwnProfile>;
  /** A message of this user goes into a room: whoever may not know yet whose it is, is told. */
  sending(room: RoomUri): void;
  stop(): void;
}

/** In a room of at most so many users who comes in is told at once, else with the next message. */
const usersToldAtOnce = 16;
/** Not all say it at the same moment. */
const spreadMsPerUser = 250;
/** So long a change waits to be said everywhere. */
const sayingMs = 5_000;

export function createProfiles(parts: {
  readonly env: Pick<Env, "log" | "random" | "timer">;
  readonly store: LocalStore;
  readonly groups: Groups;
  readonly self: UserUri;
  readonly events: Events<ClientEvents>;
}): Profiles {
  const { env, store, groups, self, events } = parts;
  const saying = { store, groups, self, random: env.random };
  const alarms: Alarms = createAlarms(env);
  const waiting = new Map<RoomUri, Alarm>();
  const onItsWay = new Map<RoomUri, string>();
  /** Rooms in which there is nothing to say until something changes. */
  const settled = new Set<RoomUri>();

  const say = async (room: RoomUri): Promise<void> => {
    try {
      if (await sayProfile(saying, room, onItsWay)) settled.add(room);
    } catch (error) {
      // It is said with the next message; a wish that is stored goes on by itself.
      env.log.debug("profile.notSaid", { error: String(error) });
    }
  };
  const saySoon = (room: RoomUri, spreadMs: number): void => {
    const alarm = waiting.get(room) ?? alarms.create();
    waiting.set(room, alarm);
    const share = (env.random(1)[0] ?? 0) / 255;
    alarm.set(spreadMs * share, () => void say(room));
  };
  const forget = async (room: RoomUri): Promise<void> => {
    await store.transaction((tx) => forgetSaid(tx, room));
    settled.delete(room);
  };
  const sayEverywhere = async (): Promise<void> => {
    settled.clear();
    const rooms = await store.transaction((tx) => tx.rooms.list());
    const joined = rooms.filter(({ status }) => status === "joined");
    await Promise.all(joined.map(({ room }) => say(room)));
  };
  const heard = async (room: RoomUri): Promise<void> => {
    await forget(room);
    const { members } = await groups.info(room);
    if (members.length <= usersToldAtOnce) saySoon(room, spreadMsPerUser * members.length);
  };
  const quietly = (run: Promise<void>): void => {
    run.catch((error: unknown) => {
      env.log.debug("profile.notSaid", { error: String(error) });
    });
  };
  const stops = [
    events.on("joined", ({ room }) => quietly(heard(room))),
    events.on("membership", ({ room, added }) => {
      if (added.some((user) => user !== self)) quietly(heard(room));
    }),
    events.on("lostByServer", ({ room }) => quietly(forget(room))),
    events.on("contact", ({ state }) => {
      if (state === "mutual") quietly(sayEverywhere());
    }),
    events.on("accountData", ({ record }) => {
      if (record === PROFILE_RECORD) settled.clear();
    }),
  ];
  return {
    async set(change, at) {
      const own = await store.transaction((tx) => writeOwnProfile(tx, change, at));
      const patience = new Promise<void>((resolve) => {
        const cancel = env.timer(sayingMs, resolve);
        quietly(sayEverywhere().finally(() => (cancel(), resolve())));
      });
      await patience;
      return own;
    },
    sending(room) {
      if (!settled.has(room)) void say(room);
    },
    stop() {
      alarms.stop();
      for (const stop of stops) stop();
    },
  };
}
