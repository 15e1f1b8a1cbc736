import { isVoteIn, Refusal, type RoomUri } from "@treehouse/protocol";

import { pinsOf, withChanges } from "../../groups/index.ts";
import {
  composePin,
  composePoll,
  composePollEnd,
  composeVote,
  type Message,
  messageOf,
  type PollState,
  type PollWish,
} from "../../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { createSender } from "./own-messages.ts";
import { expiresOf, type Going } from "./send-options.ts";

type PollOptions = Pick<PollWish, "inReplyTo" | "topic"> & Going;

export interface PinsAndPolls {
  /** Pins a message for all members. Refuses `notAllowed`, and `limitExceeded` beyond 50. */
  pin(id: string): Promise<void>;
  unpin(id: string): Promise<void>;
  /** In the order in which they were pinned. */
  pinned(): Promise<readonly Message[]>;
  /** Asks a question with options to choose from. Refuses `malformed`. */
  createPoll(poll: PollQuestion, options?: PollOptions): Promise<SentMessage>;
  /**
   * Chooses options by their indices, in the place of what was chosen before; none takes the vote back.
   * Refuses `notFound` for what is no poll, `malformed`, and `notAllowed` once it has ended.
   */
  vote(id: string, choices: readonly number[]): Promise<void>;
  /** Its author's, or whose role may delete others' messages. */
  endPoll(id: string): Promise<void>;
  /** How a poll stands. */
  poll(id: string): Promise<PollState>;
}

export type PollQuestion = {
  readonly question: string;
  readonly options: readonly string[];
  /** More than one option may be chosen. */
  readonly multiple?: boolean;
  /** Programs do not show who chose what; their members' stores hold it all the same. */
  readonly anonymous?: boolean;
  /** Votes that come later do not count; in milliseconds since the Unix epoch. */
  readonly closesAt?: number;
};

export function createPinsAndPolls(parts: ConversationParts, room: RoomUri): PinsAndPolls {
  const { session, store } = parts;
  const { place, messageWith, need, say, sent } = createSender(parts, room);
  const pollWith = async (id: string) => {
    const message = messageOf(await messageWith(id));
    if (message.type === "poll") return message;
    throw new Refusal("notFound", "this message is no poll");
  };
  return {
    pin: (id) =>
      guarded(async () => {
        const { pinned } = messageOf(await messageWith(id));
        if (pinned) return;
        await need("pinMessage");
        await sent(composePin(place, id, true));
      }),
    unpin: (id) =>
      guarded(async () => {
        const { pinned } = messageOf(await messageWith(id));
        if (!pinned) return;
        await need("pinMessage");
        await sent(composePin(place, id, false));
      }),
    pinned: () =>
      guarded(() =>
        store.transaction((tx) =>
          pinsOf(tx, room).flatMap(({ target = "" }) => {
            const row = tx.messages.contentById(room, target);
            return row === undefined ? [] : [messageOf(withChanges(tx, row))];
          }),
        ),
      ),
    createPoll: (question, options = {}) =>
      guarded(async () => {
        const { inReplyTo, topic } = options;
        if (question.closesAt !== undefined && question.closesAt <= parts.chosen.now()) {
          throw new Refusal("malformed", "closesAt: the poll would have ended already");
        }
        const poll = {
          multiple: false,
          anonymous: false,
          ...question,
          options: [...question.options],
        };
        const expires = await expiresOf(parts, room, options);
        return say(composePoll(place, { poll, inReplyTo, topic, expires }));
      }),
    vote: (id, choices) =>
      guarded(async () => {
        const { poll } = await pollWith(id);
        await need("reactToMessage");
        const isOver = poll.closesAt !== undefined && poll.closesAt < parts.chosen.now();
        if (poll.ended || isOver) throw new Refusal("notAllowed", "this poll has ended");
        const isOnce = new Set(choices).size === choices.length;
        if (!isOnce || !isVoteIn(poll, choices)) {
          throw new Refusal("malformed", "these are no choices of this poll");
        }
        await sent(composeVote(place, id, choices));
      }),
    endPoll: (id) =>
      guarded(async () => {
        const { poll, sender } = await pollWith(id);
        if (sender !== session.user) await need("deleteOtherMessage");
        if (!poll.ended) await sent(composePollEnd(place, id));
      }),
    poll: (id) => guarded(async () => (await pollWith(id)).poll),
  };
}
