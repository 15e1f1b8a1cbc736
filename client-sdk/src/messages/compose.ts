import {
  type Attachment,
  attachmentContent,
  attachmentsOf,
  type Bytes,
  decodeContent,
  deletionContent,
  editContent,
  encodeContent,
  fromHex,
  LIMITS,
  MESSAGE_STATUSES,
  messageId,
  type MimiContent,
  customReactionContent,
  reactionContent,
  Refusal,
  type RoomUri,
  type SentSticker,
  statusContent,
  stickerContent,
  textContent,
  toHex,
  unlikeContent,
  type UserUri,
  utf8Encode,
  withCustomEmoji,
} from "@treehouse/protocol";

/** A content ready to be sent. The id stays the same however often it is encrypted. */
export type Composed = { readonly id: string; readonly content: Bytes };

/** Who composes, where. */
export type Place = {
  readonly room: RoomUri;
  readonly sender: UserUri;
  readonly random: (length: number) => Bytes;
};

export type TextWish = {
  readonly text: string;
  /** Id of the message that it answers. */
  readonly inReplyTo?: string | undefined;
  /** The thread that it belongs to; any text, the same for all of the thread. */
  readonly topic?: string | undefined;
  readonly format?: "plain" | "markdown" | undefined;
};

/** `emoji`: what `:name:`s in the text mean. */
export function composeText(
  place: Place,
  { emoji, ...wish }: TextWish & { readonly emoji?: readonly SentSticker[] | undefined },
): Composed {
  return compose(place, withCustomEmoji(textIn(place, wish), emoji ?? []));
}

export function composeSticker(
  place: Place,
  { sticker, ...where }: Pick<TextWish, "inReplyTo" | "topic"> & { readonly sticker: SentSticker },
): Composed {
  return compose(place, stickerContent(textIn(place, { ...where, text: "" }), sticker));
}

/** `wish` is their caption, which may be empty. */
export function composeFiles(place: Place, wish: TextWish, files: readonly Attachment[]): Composed {
  return compose(place, attachmentContent(textIn(place, wish), files));
}

/** `original` is the content that was sent first: but for the body the new one is as it is. */
export function composeEdit(
  place: Place,
  {
    id,
    original,
    emoji,
    ...wish
  }: TextWish & {
    readonly id: string;
    readonly original: Bytes;
    readonly emoji?: readonly SentSticker[] | undefined;
  },
): Composed {
  const first = decodeContent(original);
  const { inReplyTo, topicId } = first;
  const text = { ...textIn(place, wish), inReplyTo, topicId };
  const { files } = attachmentsOf(first);
  // Whoever shows the edit in place of the first version has to find the files in it.
  const whole =
    files.length === 0 ? withCustomEmoji(text, emoji ?? []) : attachmentContent(text, files);
  return compose(place, editContent(whole, fromHex(id)));
}

export function composeDeletion(place: Place, id: string): Composed {
  return compose(place, deletionContent(textIn(place, { text: "" }), fromHex(id)));
}

export function composeReaction(place: Place, id: string, emoji: string): Composed {
  return compose(place, reactionContent(textIn(place, { text: "" }), fromHex(id), emoji));
}

export function composeCustomReaction(place: Place, id: string, emoji: SentSticker): Composed {
  return compose(place, customReactionContent(textIn(place, { text: "" }), fromHex(id), emoji));
}

export function composeUnlike(
  place: Place,
  { reaction, id }: { readonly reaction: string; readonly id: string },
): Composed {
  const ids = { reaction: fromHex(reaction), target: fromHex(id) };
  return compose(place, unlikeContent(textIn(place, { text: "" }), ids));
}

/** Says that these messages were read. */
export function composeRead(place: Place, ids: readonly string[]): Composed {
  const report = ids.map((id) => ({ messageId: fromHex(id), status: MESSAGE_STATUSES.read }));
  return compose(place, statusContent(textIn(place, { text: "" }), report));
}

function textIn(place: Place, { text, inReplyTo, topic, format }: TextWish) {
  return textContent({
    text,
    salt: place.random(16),
    senderUri: place.sender,
    roomUri: place.room,
    ...(inReplyTo === undefined ? {} : { inReplyTo: fromHex(inReplyTo) }),
    ...(topic === undefined ? {} : { topicId: utf8Encode(topic) }),
    markdown: format === "markdown",
  });
}

function compose({ room, sender }: Place, parts: MimiContent): Composed {
  const content = encodeAsked(parts);
  const bytesMax = LIMITS.applicationMessageBytesMax - envelopeBytes;
  if (content.length > bytesMax) {
    throw new Refusal("tooLarge", `a message has at most ${bytesMax} octets`, {
      limitName: "applicationMessageBytesMax",
      limit: bytesMax,
    });
  }
  const { salt } = parts;
  const id = toHex(messageId({ senderUri: sender, roomUri: room, content, salt }));
  return { id, content };
}

/** What no receiver would take is the asker's fault here, not a bug. */
function encodeAsked(content: MimiContent): Bytes {
  try {
    return encodeContent(content);
  } catch (error) {
    if (error instanceof RangeError && error.cause instanceof Refusal) throw error.cause;
    throw error;
  }
}

/** What encryption and framing add to a content, with room to spare. */
const envelopeBytes = 1024;
