import { isEmoji, Refusal, type RoomUri, userOfClient } from "@treehouse/protocol";

import {
  composeCustomReaction,
  composeDeletion,
  composeEdit,
  composeReaction,
  composeUnlike,
  reactionsBy,
  readStored,
  type TextWish,
} from "../../messages/index.ts";
import type { HistoryRow } from "../../groups/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { SdkError } from "../../errors/index.ts";
import { guarded } from "../guarded.ts";
import { createSender } from "./own-messages.ts";

/** What can be done to a message that stands in a conversation. */
export interface MessageChanges {
  /**
   * Puts another text in the place of one's own; answers and reactions stay. Refuses `notAllowed` what is
   * not one's own, or where the room's rules do not permit it, and `notFound`.
   */
  edit(id: string, text: string, options?: Pick<TextWish, "format">): Promise<SentMessage>;
  /**
   * Takes a message back: all clients erase it with every version, and those that are away when they
   * are back. One's own, or others' for whom the room's rules permit that.
   */
  delete(id: string): Promise<SentMessage>;
  /**
   * Says an emoji to a message, or `:name:`, a custom one of the user's; saying it twice changes
   * nothing. Refuses `malformed` for other text, and `notFound` for a name that there is not.
   */
  react(id: string, emoji: string): Promise<void>;
  /** Takes back one's own emoji, from whichever client it came. */
  unreact(id: string, emoji: string): Promise<void>;
}

/** Nobody's role permits it: the table's advice would send its reader to an owner in vain. */
function notYours(): SdkError {
  return new SdkError("notAllowed", "only who wrote a message can change what it says", {
    help: "Answer it, or send a message of your own.",
  });
}

export function createMessageChanges(parts: ConversationParts, room: RoomUri): MessageChanges {
  const { files, session, stickers } = parts;
  const { place, messageWith, need, sent } = createSender(parts, room);
  const isOwn = (row: HistoryRow): boolean =>
    userOfClient(readStored(row.body).sender) === session.user;
  return {
    edit: (id, text, { format } = {}) =>
      guarded(async () => {
        const row = await messageWith(id);
        if (!isOwn(row)) throw notYours();
        await need("editOwnMessage");
        const original = readStored(row.body).content;
        const emoji = await stickers.emojiIn(room, text);
        return sent(composeEdit(place, { id, original, text, format, emoji }));
      }),
    delete: (id) =>
      guarded(async () => {
        const own = isOwn(await messageWith(id));
        await need(own ? "deleteOwnMessage" : "deleteOtherMessage");
        const deletion = await sent(composeDeletion(place, id));
        files.letGo();
        return deletion;
      }),
    react: (id, emoji) =>
      guarded(async () => {
        const isCustom = /^:[^:]+:$/.test(emoji);
        if (!isCustom && !isEmoji(emoji)) {
          throw new Refusal("malformed", "a reaction is one emoji, or :name: of one of yours");
        }
        const row = await messageWith(id);
        await need("reactToMessage");
        if (reactionsBy(row, session.user, emoji).length > 0) return;
        await sent(
          isCustom
            ? composeCustomReaction(place, id, await stickers.emoji(room, emoji))
            : composeReaction(place, id, emoji),
        );
      }),
    unreact: (id, emoji) =>
      guarded(async () => {
        const row = await messageWith(id);
        const mine = reactionsBy(row, session.user, emoji);
        if (mine.length > 0) await need("deleteOwnReaction");
        for (const reaction of mine) await sent(composeUnlike(place, { reaction, id }));
      }),
  };
}
