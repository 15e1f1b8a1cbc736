import type { ChatEvent } from "./user-process.ts";

/** What one user's process has told: what was accepted of it, and what it has shown. */
type Told = {
  readonly accepted: Map<string, number>;
  readonly shown: { readonly text: string; readonly position: number }[];
  readonly events: string[];
};

/** Keeps what all users saw, and lets the demo wait for it. */
export interface Ledger {
  hear(user: string, event: ChatEvent): void;
  told(user: string): Told;
  /** Whether the user's process has told of an event of this name so many times. */
  happened(user: string, event: string, times: number): boolean;
  /**
   * Resolves when `holds` does; it is asked after every event, and `act` runs at that very event,
   * before any other is heard. Rejects after `seconds`.
   */
  until(what: string, holds: () => boolean, seconds: number, act?: () => void): Promise<void>;
  readonly faults: readonly string[];
}

export function createLedger(users: readonly string[]): Ledger {
  const all = new Map<string, Told>(
    users.map((user) => [user, { accepted: new Map<string, number>(), shown: [], events: [] }]),
  );
  const watchers = new Set<() => void>();
  const faults: string[] = [];
  const told = (user: string): Told => {
    const found = all.get(user);
    if (found === undefined) throw new Error(`nobody is called ${user}`);
    return found;
  };
  return {
    faults,
    told,
    happened: (user, event, times) =>
      told(user).events.filter((name) => name === event).length >= times,
    hear(user, event) {
      told(user).events.push(event.event);
      const { text, position } = event;
      if (text !== undefined && position !== undefined) {
        if (event.event === "sent" && told(user).accepted.has(text)) {
          faults.push(`${user}: told twice that "${text}" was accepted`);
        }
        if (event.event === "sent") told(user).accepted.set(text, position);
        if (event.event === "message") told(user).shown.push({ text, position });
      }
      if (event.event === "fault" || event.event === "failed") {
        faults.push(`${user}: ${JSON.stringify(event)}`);
      }
      for (const look of watchers) look();
    },
    until(what, holds, seconds, act) {
      return new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          watchers.delete(look);
          reject(new Error(`waited ${seconds} s in vain for ${what}`));
        }, seconds * 1000);
        const look = () => {
          if (!holds()) return;
          clearTimeout(deadline);
          watchers.delete(look);
          act?.();
          resolve();
        };
        watchers.add(look);
        look();
      });
    },
  };
}
