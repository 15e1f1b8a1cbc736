import type { LocalStore, Preferences } from "../storage/index.ts";
import { guarded } from "./conversation.ts";

/** What the user has chosen. */
export interface ClientSettings {
  get(): Promise<Preferences>;
  /** Changes what is named, and answers everything as it is then. */
  set(change: Partial<Preferences>): Promise<Preferences>;
}

export function createClientSettings(store: LocalStore): ClientSettings {
  return {
    get: () => guarded(() => store.transaction((tx) => tx.preferences.get())),
    set: (change) =>
      guarded(() =>
        store.transaction((tx) => {
          const preferences = { ...tx.preferences.get(), ...change };
          tx.preferences.put(preferences);
          return preferences;
        }),
      ),
  };
}
