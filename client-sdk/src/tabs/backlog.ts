import type { ClientEvents } from "../events/index.ts";
import type { Frame } from "./wire.ts";

type EventFrame = Extract<Frame, { readonly type: "event" }>;

/** So many events are kept for tabs that come to a new host; older ones are theirs to look up. */
const keptMax = 1000;

/** The events of a client, for tabs that were not there when they were told. */
export interface Backlog {
  add<K extends keyof ClientEvents>(name: K, value: ClientEvents[K]): EventFrame;
  /** For a tab that was served before: all; for a new one: where the connection stands. */
  since(returns: boolean): readonly EventFrame[];
}

export function createBacklog(): Backlog {
  const kept: EventFrame[] = [];
  let state: EventFrame | undefined;
  let seq = 0;
  return {
    add(name, value) {
      seq += 1;
      const event: EventFrame = { type: "event", seq, name, value };
      if (name === "state") state = event;
      kept.push(event);
      if (kept.length > keptMax) kept.shift();
      return event;
    },
    since(returns) {
      if (returns) return [...kept];
      return state === undefined ? [] : [state];
    },
  };
}
