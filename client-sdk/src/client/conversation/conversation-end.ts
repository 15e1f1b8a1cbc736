import type { RoomUri } from "@treehouse/protocol";

import { type ActOptions, reasonOf } from "./act-options.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

/** The end of a conversation, for all or in one store; and a new beginning of this client in it. */
export interface ConversationEnd {
  /**
   * Deletes the conversation for everybody, if the own role may: its log is closed, nobody can write any
   * more, and files that were sent into it go. What was said stays with each client until its user drops
   * it. There is no way back.
   */
  deleteForAll(options?: ActOptions): Promise<void>;
  /** After how many days without being there a client is taken out; undefined: never. */
  unseenDays(): Promise<number | undefined>;
  /**
   * Changes that for everybody; undefined waits for ever. A client that was taken out comes back by itself
   * where another one of its user is in; otherwise its user must be added again. Refuses `notAllowed` and
   * `limitExceeded`.
   */
  setUnseenDays(days: number | undefined, options?: ActOptions): Promise<void>;
  /**
   * Drops all that this store has of a conversation that this client is out of. Refuses `conflict` while
   * it is in, and after `leave` until the event `removed`.
   */
  forget(): Promise<void>;
  /**
   * Has this client come in anew, with other keys: it does so by itself when it has to, see `health`.
   * Resolves once it is back. Refuses `removed`.
   */
  rejoin(): Promise<void>;
  /**
   * Takes those for members who are `unvouched` in `info()`: until then nothing is sent, and whoever sends
   * is refused with `identityInvalid`, unless `settings` say otherwise (`blockOnKeyChange`). Ask somebody of
   * the conversation by other means before.
   */
  acceptMembers(): Promise<void>;
  /**
   * Has the conversation go on with a new group and new keys, as its owners may: the way out when nobody can
   * follow it any more, or nobody is sure who has read it. It stays the same conversation, with its history,
   * roles, bans and links, and whoever is in it comes along, at once or when it is there again. Resolves
   * once this client is in. Refuses `ownersMissing` where the user is no owner, and `removed`.
   */
  reset(options?: ActOptions): Promise<void>;
}

export function createConversationEnd(
  { groups }: ConversationParts,
  room: RoomUri,
): ConversationEnd {
  return {
    deleteForAll: (options) =>
      guarded(async () => void (await groups.end(room, reasonOf(options)))),
    unseenDays: () => guarded(() => groups.unseenDays(room)),
    setUnseenDays: (days, options) =>
      guarded(async () => void (await groups.setUnseenDays(room, days, reasonOf(options)))),
    forget: () => guarded(() => groups.forget(room)),
    rejoin: () => guarded(() => groups.rejoin(room)),
    acceptMembers: () => guarded(() => groups.acceptMembers(room)),
    reset: (options) => guarded(() => groups.reset(room, reasonOf(options))),
  };
}
