import { Refusal, type RoomUri, toHex } from "@treehouse/protocol";

import { withChanges } from "../groups/index.ts";
import { composeSticker, stickersIn, type TextWish } from "../messages/index.ts";
import type { StickerContent, StickerWish } from "../stickers/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "./guarded.ts";

export interface StickerSending {
  /**
   * Sends a sticker of a pack of the user's. Those who lack the pack see it all the same, and programs
   * that know no stickers show its emoji.
   */
  sendSticker(
    sticker: StickerWish,
    options?: Pick<TextWish, "inReplyTo" | "topic">,
  ): Promise<SentMessage>;
  /**
   * The file of a sticker or custom emoji in a message or in what was said to it, after every check of
   * T-38: it may be drawn. Without an id the first. Refuses `notFound`, and `malformed` or
   * `limitExceeded` what must not be drawn.
   */
  stickerFile(messageId: string, stickerId?: string): Promise<StickerContent>;
}

export function createStickerSending(parts: ConversationParts, room: RoomUri): StickerSending {
  const { groups, profiles, session, stickers, store } = parts;
  return {
    sendSticker: (wish, options = {}) =>
      guarded(async () => {
        const sticker = await stickers.toSend(room, wish);
        const place = { room, sender: session.user, random: session.random };
        const message = composeSticker(place, { ...options, sticker });
        profiles.sending(room);
        const { position, acceptedAt } = await groups.send(room, message.content);
        return { id: message.id, conversation: room, position, acceptedAt };
      }),
    stickerFile: (messageId, stickerId) =>
      guarded(async () => {
        const found = await store.transaction((tx) => {
          const row = tx.messages.contentById(room, messageId);
          return row === undefined ? [] : stickersIn(withChanges(tx, row));
        });
        const sent = found.find(
          ({ item }) => stickerId === undefined || toHex(item.hash) === stickerId,
        );
        if (sent === undefined) {
          throw new Refusal("notFound", "there is no such sticker in the message");
        }
        return stickers.received(room, sent);
      }),
  };
}
