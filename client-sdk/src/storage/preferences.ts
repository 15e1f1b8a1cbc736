import { utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { Settings } from "./settings.ts";

const preferencesSchema = z.object({
  /**
   * Nothing is sent into a conversation while somebody in it is there with an identity key that the
   * user has not accepted.
   */
  blockOnKeyChange: z.boolean().default(true),
});

/** What the user has chosen, the same on all of the user's clients. */
export type Preferences = z.infer<typeof preferencesSchema>;

export interface PreferenceStore {
  /** What was never chosen is as by default. */
  get(): Preferences;
  put(preferences: Preferences): void;
}

const name = "preferences";

export function createPreferences(settings: Settings): PreferenceStore {
  return {
    get() {
      const stored = settings.get(name);
      return preferencesSchema.parse(stored === undefined ? {} : JSON.parse(utf8Decode(stored)));
    },
    put: (preferences) => settings.put(name, utf8Encode(JSON.stringify(preferences))),
  };
}
