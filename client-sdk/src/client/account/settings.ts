import { NetworkFault, Refusal } from "@treehouse/protocol";

import type { AccountData } from "../../account/index.ts";
import type { LocalStore, Preferences } from "../../storage/index.ts";
import { guarded } from "../guarded.ts";

/** What the user has chosen, the same on all of the user's clients. */
export interface ClientSettings {
  get(): Promise<Preferences>;
  /**
   * Changes what is named, and answers everything as it is then. It holds here at once, and on the
   * others as soon as the server is reached.
   */
  set(change: Partial<Preferences>): Promise<Preferences>;
}

export function createClientSettings(parts: {
  readonly store: LocalStore;
  readonly chosen: Chosen;
  /** Called once a change holds here. */
  readonly changed: () => void;
}): ClientSettings {
  const { store, chosen, changed } = parts;
  return {
    get: () => guarded(() => store.transaction((tx) => tx.preferences.get())),
    set: (change) =>
      guarded(async () => {
        const preferences = await store.transaction((tx) => {
          tx.preferences.set(change, chosen.now());
          return tx.preferences.get();
        });
        changed();
        await chosen.push();
        return preferences;
      }),
  };
}

/** How what was chosen here reaches the user's other clients. */
export type Chosen = {
  now(): number;
  /** Resolves also when the server is away: then it is written at the next connection. */
  push(): Promise<void>;
  /** Fetches what was chosen at others, unless the server is away. */
  pull(): Promise<void>;
};

/** `told` hears of everything that is chosen here. */
export function createChosen(data: AccountData, now: () => number, told: () => void): Chosen {
  const unlessAway = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      // A session that is over says so by itself, and the connection by its state.
      const passes = error instanceof NetworkFault || isSessionOver(error);
      if (!passes) throw error;
    }
  };
  return {
    now,
    push() {
      told();
      return unlessAway(data.push());
    },
    pull: () => unlessAway(data.catchUp()),
  };
}

function isSessionOver(error: unknown): boolean {
  return error instanceof Refusal && ["notAuthenticated", "sessionEnded"].includes(error.code);
}
