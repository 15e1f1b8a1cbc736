import { Refusal, type RoomUri, toHex } from "@treehouse/protocol";

import { composeSticker, stickersIn, type TextWish } from "../../messages/index.ts";
import type { StickerContent, StickerWish } from "../../stickers/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { createSender } from "./own-messages.ts";
import { expiresOf, type Going } from "./send-options.ts";

export interface StickerSending {
  /**
   * Sends a sticker of a pack of the user's. Those who lack the pack see it all the same, and programs
   * that know no stickers show its emoji.
   */
  sendSticker(
    sticker: StickerWish,
    options?: Pick<TextWish, "inReplyTo" | "topic"> & Going,
  ): Promise<SentMessage>;
  /**
   * The file of a sticker or custom emoji in a message or in what was said to it, after every check of
   * T-38: it may be drawn. Without an id the first. Refuses `notFound`, and `malformed` or
   * `limitExceeded` what must not be drawn.
   */
  stickerFile(messageId: string, stickerId?: string): Promise<StickerContent>;
}

export function createStickerSending(parts: ConversationParts, room: RoomUri): StickerSending {
  const { stickers } = parts;
  const { messageWith, place, say } = createSender(parts, room);
  return {
    sendSticker: (wish, { inReplyTo, topic, ...going } = {}) =>
      guarded(async () => {
        const expires = await expiresOf(parts, room, going);
        const sticker = await stickers.toSend(room, wish);
        return say(composeSticker(place, { inReplyTo, topic, expires, sticker }));
      }),
    stickerFile: (messageId, stickerId) =>
      guarded(async () => {
        const sent = stickersIn(await messageWith(messageId)).find(
          ({ item }) => stickerId === undefined || toHex(item.hash) === stickerId,
        );
        if (sent !== undefined) return stickers.received(room, sent);
        throw new Refusal("notFound", "there is no such sticker in the message");
      }),
  };
}
