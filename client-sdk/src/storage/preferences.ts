import { z } from "zod";

import type { AccountDataRows } from "./account-data.ts";

const preferencesSchema = z.object({
  /**
   * Nothing is sent into a conversation while somebody in it is there with an identity key that the
   * user has not accepted.
   */
  blockOnKeyChange: z.boolean().default(true).catch(true),
  /** Others in a small conversation are told how far the user has read. */
  readReceipts: z.boolean().default(true).catch(true),
  /** Others in a small conversation are told what has reached a client of the user. */
  deliveryReceipts: z.boolean().default(false).catch(false),
  /** Who may see how one is there. What a later version may have chosen is nobody. */
  presence: z.enum(["contacts", "nobody"]).default("contacts").catch("nobody"),
  /** Whether others see that one writes. */
  typing: z.boolean().default(true).catch(false),
  /**
   * Octets up to which files of others are fetched when their message comes, without being asked for;
   * 0: none, and at most 1 MiB. What is fetched so stays in the store while there is room.
   */
  autoDownloadBytes: z
    .int()
    .nonnegative()
    .transform((octets) => Math.min(octets, 1024 * 1024))
    .default(0)
    .catch(0),
});

/** What the user has chosen, the same on all of the user's clients. */
export type Preferences = z.infer<typeof preferencesSchema>;

export interface PreferenceStore {
  /** What was never chosen, or is not understood, is as by default. */
  get(): Preferences;
  /** Chooses what is named, at that time. */
  set(change: Partial<Preferences>, at: number): void;
}

/** The record of account data that holds them. */
const record = "settings";

export function createPreferences(accountData: AccountDataRows): PreferenceStore {
  return {
    get() {
      const { entries } = accountData.get(record);
      const values = Object.entries(entries).map(([key, { value }]) => [key, value ?? undefined]);
      return preferencesSchema.parse(Object.fromEntries(values));
    },
    set(change, at) {
      for (const [key, value] of Object.entries(change))
        accountData.set(record, key, { value, at });
    },
  };
}
