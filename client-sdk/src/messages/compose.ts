import {
  type Attachment,
  attachmentContent,
  attachmentsOf,
  type Bytes,
  decodeContent,
  deletionContent,
  DISPOSITIONS,
  editContent,
  encodeContent,
  type Expiration,
  forwardContent,
  type Forwarded,
  fromHex,
  LIMITS,
  type LinkPreview,
  MESSAGE_STATUSES,
  mentionsOf,
  messageId,
  type MimiContent,
  pinContent,
  type Poll,
  pollContent,
  pollEndContent,
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
  voteContent,
  withFallback,
  withLinkPreview,
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

/** What a message is, where it is not a text. */
export type OwnContent = {
  readonly mediaType: string;
  readonly content: Bytes;
  /** What programs show that do not know the type. */
  readonly fallback: string;
};

export type TextWish = {
  readonly text: string;
  /** In the place of the text. */
  readonly own?: OwnContent | undefined;
  /** The link in the text that it shows more of. */
  readonly preview?: LinkPreview | undefined;
  /** It goes by itself: at a time, or so many seconds after it was read. */
  readonly expires?: Expiration | undefined;
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
): Composed & { readonly callsRoom: boolean } {
  const content = withCustomEmoji(textIn(place, wish), emoji ?? []);
  const { everyone, roles } = mentionsOf(content);
  return { ...compose(place, content), callsRoom: everyone || roles.length > 0 };
}

export function composeSticker(
  place: Place,
  {
    sticker,
    ...where
  }: Pick<TextWish, "inReplyTo" | "topic" | "expires"> & { readonly sticker: SentSticker },
): Composed {
  return compose(place, stickerContent(textIn(place, { ...where, text: "" }), sticker));
}

/** `wish` is their caption, which may be empty. */
export function composeFiles(place: Place, wish: TextWish, files: readonly Attachment[]): Composed {
  return compose(place, attachmentContent(captionIn(place, wish), files));
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
  const { inReplyTo, topicId, expires } = first;
  const plain = { ...captionIn(place, wish), inReplyTo, topicId, expires };
  const { files } = attachmentsOf(first);
  // Whoever shows the edit in place of the first version has to find the files in it.
  const whole =
    files.length === 0 ? withCustomEmoji(plain, emoji ?? []) : attachmentContent(plain, files);
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

export function composePin(place: Place, id: string, pinned: boolean): Composed {
  return compose(place, pinContent(textIn(place, { text: "", inReplyTo: id }), pinned));
}

export function composePoll(place: Place, { poll, ...wish }: PollWish): Composed {
  return compose(place, pollContent(textIn(place, { ...wish, text: poll.question }), poll));
}

export type PollWish = Omit<TextWish, "text" | "own" | "preview" | "format"> & {
  readonly poll: Poll;
};

export function composeVote(place: Place, id: string, choices: readonly number[]): Composed {
  return compose(place, voteContent(textIn(place, { text: "", inReplyTo: id }), choices));
}

export function composePollEnd(place: Place, id: string): Composed {
  return compose(place, pollEndContent(textIn(place, { text: "", inReplyTo: id })));
}

/** `original` is the newest version of what is forwarded, for those of this room. */
export function composeForward(
  place: Place,
  {
    original,
    named,
    ...wish
  }: Omit<TextWish, "text"> & {
    readonly original: MimiContent;
    readonly named: Forwarded;
  },
): Composed {
  const own = textIn(place, { ...wish, text: "" });
  return compose(place, forwardContent(own, original, named));
}

/** Says that these messages were read, or have come. */
export function composeStatus(
  place: Place,
  ids: readonly string[],
  status: "delivered" | "read",
): Composed {
  const report = ids.map((id) => ({ messageId: fromHex(id), status: MESSAGE_STATUSES[status] }));
  return compose(place, statusContent(textIn(place, { text: "" }), report));
}

/** The text alone, without what else a wish may hold. */
function captionIn(place: Place, { text, inReplyTo, topic, format, expires }: TextWish) {
  const plain = textContent({
    text,
    salt: place.random(16),
    senderUri: place.sender,
    roomUri: place.room,
    ...(inReplyTo === undefined ? {} : { inReplyTo: fromHex(inReplyTo) }),
    ...(topic === undefined ? {} : { topicId: utf8Encode(topic) }),
    markdown: format === "markdown",
  });
  return { ...plain, expires };
}

function textIn(place: Place, wish: TextWish): MimiContent {
  const content = captionIn(place, wish);
  const { own, preview } = wish;
  if (preview !== undefined) return withLinkPreview(content, preview);
  if (own === undefined) return content;
  const { mediaType: contentType, content: octets, fallback } = own;
  const head = { kind: "single", disposition: DISPOSITIONS.render, language: "" } as const;
  return { ...content, body: withFallback({ ...head, contentType, content: octets }, fallback) };
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
