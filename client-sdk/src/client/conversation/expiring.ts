import { Refusal, type RoomUri } from "@treehouse/protocol";

import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { secondsOf } from "./send-options.ts";

export interface Expiring {
  /** For how many milliseconds messages stay here unless their senders say otherwise; undefined: for good. */
  messageLifetime(): Promise<number | undefined>;
  /**
   * Changes that for everybody, and for what is sent from then on. It lies in the room's state, so that
   * servers see it. Refuses `notAllowed` and `limitExceeded`.
   */
  setMessageLifetime(ms: number | undefined): Promise<void>;
}

export function createExpiring({ groups }: ConversationParts, room: RoomUri): Expiring {
  return {
    messageLifetime: () =>
      guarded(async () => {
        const seconds = (await groups.messageExpiration(room))?.defaultDuration ?? 0;
        return seconds === 0 ? undefined : seconds * 1000;
      }),
    setMessageLifetime: (ms) =>
      guarded(async () => {
        if (!(await groups.may(room, "changeOtherComponents"))) {
          throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
        }
        const defaultDuration = ms === undefined ? undefined : secondsOf(ms);
        const policy = { minDuration: 0, maxDuration: maxSeconds, defaultDuration };
        await groups.setMessageExpiration(room, policy);
      }),
  };
}

/** A year: what FED-821 lets a message ask for. */
const maxSeconds = 365 * 24 * 3600;
