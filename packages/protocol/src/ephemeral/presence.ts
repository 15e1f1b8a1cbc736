import { enumeration, flags, struct, u64, utf8, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";

/** FED-856. */
export const PRESENCE_MEDIA_TYPE = "application/vnd.treehouse.presence";

/** There is no "offline": who is not there says nothing, and nobody can tell why. */
export type PresenceState = "online" | "dnd" | "idle";

/** How one client of a user is there. */
export type Presence = {
  /** `asks`: the sender has just come and wants to know who else is there. */
  readonly flags: { readonly asks: boolean };
  readonly state: PresenceState;
  /** What the user does, in the user's words; empty if that is not said. */
  readonly activity: string;
  /** When `activity` ends, in milliseconds since the Unix epoch; 0 if it does not end by itself. */
  readonly activityUntil: number;
};

export const presenceCodec: Codec<Presence> = versioned(
  1,
  struct<Presence>({
    flags: flags({ asks: 0 }),
    state: enumeration({ online: 1, idle: 2, dnd: 3 }),
    activity: utf8({ max: LIMITS.activityBytesMax }),
    activityUntil: u64,
  }),
);
