import { Refusal, type RoomUri, toHex, utf8Encode } from "@treehouse/protocol";

import { notesOf, threadNoteOf, writeThreadNote } from "../../account/index.ts";
import { withChanges } from "../../groups/index.ts";
import {
  type Message,
  messageOf,
  type ReplyChain,
  replyChain,
  topicText,
} from "../../messages/index.ts";
import type { LocalTx, Unread } from "../../storage/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { limitOf, placeIn } from "../pages.ts";
import { createSender } from "./own-messages.ts";

/** A thread of a conversation, as it stands in this store. */
export type ThreadInfo = {
  /** What `send` takes as `topic`. */
  readonly topic: string;
  readonly messages: number;
  /** Position of the newest message. */
  readonly position: number;
  /** Of others, behind what was read; 0 in a thread that is not followed. */
  readonly unread: Unread;
  /** As the user has chosen, or because they have written in it. */
  readonly following: boolean;
};

export interface ConversationThreads {
  /** The latest first. */
  threads(options?: { readonly limit?: number | undefined }): Promise<readonly ThreadInfo[]>;
  /** The newest messages of a thread before a position, oldest first. */
  thread(
    topic: string,
    options?: { readonly limit?: number | undefined; readonly before?: number | undefined },
  ): Promise<readonly Message[]>;
  /** A message with what it answers, and what that answers, and so on. Refuses `notFound`. */
  replies(id: string): Promise<ReplyChain<Message>>;
  /** Chooses for all of the user's clients whether what is new in a thread counts. */
  followThread(topic: string, following: boolean): Promise<void>;
  /** Notes that a thread has been read up to a position; the conversation counts for itself. */
  markThreadRead(topic: string, position: number): Promise<void>;
}

const threadsMax = 200;
const threadLimit = 50;

export function createThreads(parts: ConversationParts, room: RoomUri): ConversationThreads {
  const { chosen, expiry, session, store } = parts;
  const note = (topic: string, change: { read?: number; following?: boolean }) =>
    guarded(async () => {
      const at = chosen.now();
      await store.transaction((tx) =>
        writeThreadNote(tx, { room, topic: topicOf(topic) }, { change, at }),
      );
      await chosen.push();
    });
  const infoOf = (tx: LocalTx, topic: string, messages: number, position: number): ThreadInfo => {
    const { read, following = tx.threads.isOf(room, topic, session.user) } = threadNoteOf(
      tx,
      room,
      topic,
    );
    const after = Math.max(read, notesOf(tx, room).readPosition);
    const unread = following
      ? tx.threads.countUnread(room, topic, after)
      : { messages: 0, mentions: 0 };
    return { topic: topicText(topic), messages, position, unread, following };
  };
  return {
    threads: ({ limit } = {}) =>
      guarded(async () => {
        const most = Math.min(limitOf(limit, threadsMax), threadsMax);
        await expiry.purge();
        return store.transaction((tx) =>
          tx.threads
            .list(room, most)
            .map(({ topic, messages, last }) => infoOf(tx, topic, messages, last)),
        );
      }),
    thread: (topic, { limit, before } = {}) =>
      guarded(async () => {
        const page = { before: placeIn(before), limit: limitOf(limit, threadLimit) };
        await expiry.purge();
        const rows = await store.transaction((tx) =>
          tx.threads.page(room, topicOf(topic), page).map((row) => withChanges(tx, row)),
        );
        return rows.filter((row) => !expiry.isOver(row)).map(messageOf);
      }),
    replies: (id) =>
      guarded(async () => {
        await expiry.purge();
        const last = messageOf(await createSender(parts, room).messageWith(id));
        return store.transaction((tx) =>
          replyChain(last, (next) => {
            const row = tx.messages.byId(room, next);
            const isShown = row?.kind === "content" || row?.kind === "deleted";
            return isShown ? messageOf(withChanges(tx, row)) : undefined;
          }),
        );
      }),
    followThread: (topic, following) => note(topic, { following }),
    markThreadRead: (topic, read) => note(topic, { read }),
  };
}

function topicOf(topic: string): string {
  if (topic === "") throw new Refusal("malformed", "a thread has a name");
  return toHex(utf8Encode(topic));
}
