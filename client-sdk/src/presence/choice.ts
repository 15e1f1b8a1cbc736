import { LIMITS, Refusal, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../storage/index.ts";

/** How the user of this client wants to be seen; what is absent was not chosen. */
export type PresenceChoice = {
  /**
   * `online` becomes idle by itself after ten minutes without activity. `invisible`: nothing is said
   * at all, so that nobody can tell it from being away.
   */
  readonly state: "online" | "idle" | "dnd" | "invisible";
  /** What one does, in one's own words. At most 128 octets. */
  readonly activity?: string | undefined;
  /** When `activity` ends, in milliseconds since the Unix epoch. */
  readonly until?: number | undefined;
};

const choiceSchema = z.object({
  state: z.enum(["online", "idle", "dnd", "invisible"]),
  activity: z.string().optional(),
  until: z.int().nonnegative().optional(),
});
const setting = "presence";

/** Refuses `tooLarge`, and `malformed` for what is no choice. */
export function checkChoice(wanted: PresenceChoice, now: number): PresenceChoice {
  const read = choiceSchema.safeParse(wanted);
  if (!read.success) throw new Refusal("malformed", "a presence is one of four states");
  const { activity = "" } = read.data;
  const limit = LIMITS.activityBytesMax;
  if (utf8Encode(activity).length > limit) {
    const data = { limitName: "activityBytesMax", limit };
    throw new Refusal("tooLarge", "the activity is too long", data);
  }
  if (activity.includes("\0")) throw new Refusal("malformed", "an activity has no NUL");
  if (read.data.until !== undefined && read.data.until <= now) {
    throw new Refusal("malformed", "the activity would have ended already");
  }
  return read.data;
}

export function readChoice(tx: LocalTx): PresenceChoice {
  const bytes = tx.settings.get(setting);
  if (bytes === undefined) return { state: "online" };
  return choiceSchema.parse(JSON.parse(utf8Decode(bytes)));
}

/** Kept for this client alone, sealed in its store: no server has it. */
export function writeChoice(tx: LocalTx, choice: PresenceChoice): void {
  tx.settings.put(setting, utf8Encode(JSON.stringify(choice)));
}
