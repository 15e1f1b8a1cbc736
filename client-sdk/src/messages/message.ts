import {
  type Bytes,
  changeOf,
  type ClientUri,
  customEmojiOf,
  customReactionOf,
  formatAddress,
  forwardedOf,
  fromHex,
  isMarkdown,
  linkPreviewOf,
  mainPart,
  mentionsOf,
  type MimiContent,
  pollOf,
  Refusal,
  type RoomUri,
  stickerOf,
  textOf,
  toHex,
  userOfClient,
  type UserUri,
  utf8Decode,
} from "@treehouse/protocol";

import { type HistoryRow, parseEvent } from "../groups/index.ts";
import { type EventItem, eventItem } from "./event-item.ts";
import { type FileKind, filesOf, type MessageFiles } from "./message-files.ts";
import { type PollState, pollState } from "./poll-state.ts";
import { decodeStored, kindOf, readStored, senderOf } from "./read-content.ts";
import { type MessageSticker, messageSticker } from "./stickers.ts";

type Position = {
  readonly conversation: RoomUri;
  /** Place in the conversation's order, the same for everybody. */
  readonly position: number;
  /** When the hub accepted it, in milliseconds since the Unix epoch. */
  readonly acceptedAt: number;
};

/** What every message has: its sender, who is the MLS leaf's user, and how it stands now. */
type MessageHead = Position & {
  /** Hex of the MIMI message id; the same for everybody, and however often it is edited. */
  readonly id: string;
  readonly sender: UserUri;
  readonly senderAddress: string;
  readonly senderClient: ClientUri;
  /** Of the newest version. What is no text has words for programs that cannot show it. */
  readonly text: string;
  readonly format: "plain" | "markdown";
  /** Of files their caption stands in `text`. An edit is of that alone. */
  readonly files: MessageFiles["files"];
  /** More was said of the files, or otherwise, than anybody is to believe; it was left out. */
  readonly filesRefused: boolean;
  /** The messages of which it holds a new version. */
  readonly versionOf: MessageFiles["versionOf"];
  /** Of a message that is one. */
  readonly sticker: MessageSticker | undefined;
  /** What `:name:`s in the text mean, as far as its sender says. */
  readonly customEmoji: readonly MessageSticker[];
  readonly inReplyTo: string | undefined;
  /** The thread that it belongs to. */
  readonly topic: string | undefined;
  /** Addresses that the text links to. */
  readonly mentions: readonly string[];
  /** Everybody in the conversation is named, by somebody who may. */
  readonly mentionsEveryone: boolean;
  /** Indices of roles that are named, by somebody who may. */
  readonly mentionedRoles: readonly number[];
  /** When the newest version was accepted; undefined: there is only one. */
  readonly editedAt: number | undefined;
  /** By emoji, in the order in which the first of each came. */
  readonly reactions: readonly Reaction[];
  /** Somebody has pinned it. */
  readonly pinned: boolean;
  /** It is said to be another one's, or one from elsewhere; nobody can check that. */
  readonly forwarded:
    | { readonly from: string | undefined; readonly at: number | undefined }
    | undefined;
  /** What the sender says that a link in it leads to; nobody else has looked. */
  readonly preview: ReturnType<typeof linkPreviewOf>;
  /** When it goes by itself; undefined: never, or not before it is read. */
  readonly expiresAt: number | undefined;
  /**
   * Whose word it is that it was said: the own address for what came from another client, a backup or a
   * file of one's own, and a member's for what the conversation grants those who join it. Undefined: this
   * client received it, with its sender's signature.
   */
  readonly toldBy: string | undefined;
};

/** A message as it stands after what was done to it. */
export type Message = MessageHead &
  (
    | { readonly type: "text" }
    /** It brings files; as the first of them is to be shown. */
    | { readonly type: FileKind }
    /** It is one; `text` says what it stands for. */
    | { readonly type: "sticker" }
    | { readonly type: "poll"; readonly poll: PollState }
    /** A kind of content that this version does not show: see `defineContent`. */
    | { readonly type: "unknown"; readonly mediaType: string; readonly content: Bytes }
    /** It was taken back. */
    | { readonly type: "deleted" }
  );

export type Reaction = {
  /** Of a custom one what stands for it. */
  readonly emoji: string;
  readonly custom: MessageSticker | undefined;
  /** Addresses, each once. */
  readonly by: readonly string[];
};

/** What else stands in a conversation's history. */
export type HistoryItem = (Message & { readonly kind: "message" }) | (Position & EventItem);

export function itemOf(row: HistoryRow): HistoryItem {
  const place = {
    conversation: row.room,
    position: row.position,
    acceptedAt: row.acceptedAt,
  };
  if (row.kind === "content" || row.kind === "deleted") {
    return { kind: "message", ...messageOf(row) };
  }
  const event = parseEvent(row.body);
  return { ...place, ...eventItem(event) };
}

export function messageOf(row: HistoryRow): Message {
  return messageWithContent(row).message;
}

/** A message, and the content of its newest version; none when it was taken back. */
export function messageWithContent(row: HistoryRow): {
  readonly message: Message;
  readonly content: MimiContent | undefined;
} {
  const stored = row.kind === "deleted" ? undefined : decodeStored(row.body);
  const senderClient = stored?.sender ?? senderOf(row.body);
  const sender = userOfClient(senderClient);
  const head = {
    conversation: row.room,
    position: row.position,
    acceptedAt: row.acceptedAt,
    id: row.messageId,
    sender,
    senderAddress: formatAddress(sender),
    senderClient,
    toldBy: row.toldBy === undefined ? undefined : formatAddress(row.toldBy),
  };
  if (stored === undefined) {
    return { message: { ...head, type: "deleted", ...nothing }, content: undefined };
  }
  const { parsed } = stored;
  const changes = row.changes.map(({ body, acceptedAt }) => ({ acceptedAt, ...changeIn(body) }));
  const newest = changes.findLast(({ by, kind }) => kind === "edit" && by === sender);
  const shown = newest?.parsed ?? parsed;
  const { users, everyone, roles } = mentionsOf(shown);
  const speaks = row.speaks === true;
  const forwarded = forwardedOf(parsed);
  const sticker = stickerOf(shown);
  const emoji = customEmojiOf(shown);
  const { files, refused, versionOf } = filesOf(parsed, row.room);
  const message: Message = {
    ...head,
    ...(sticker === undefined ? typeOf(shown, changes, files) : { type: "sticker" }),
    text: textOf(shown) ?? "",
    files,
    filesRefused: refused,
    versionOf,
    sticker: sticker && messageSticker(sticker),
    customEmoji: emoji.map(messageSticker),
    format: isMarkdown(shown) ? "markdown" : "plain",
    inReplyTo: parsed.inReplyTo === undefined ? undefined : toHex(parsed.inReplyTo),
    topic: topicOf(parsed),
    mentions: users.map((user) => formatAddress(user)),
    mentionsEveryone: speaks && everyone,
    mentionedRoles: speaks ? roles : [],
    editedAt: newest?.acceptedAt,
    reactions: reactionsOf(changes),
    pinned: changes.some(({ kind }) => kind === "pin"),
    forwarded: forwarded && {
      from: forwarded.from === undefined ? undefined : formatAddress(forwarded.from),
      at: forwarded.at,
    },
    preview: linkPreviewOf(shown),
    expiresAt: row.expiresAt,
  };
  return { message, content: shown };
}

function typeOf(shown: MimiContent, changes: readonly ChangeIn[], files: MessageFiles["files"]) {
  const kind = kindOf(shown);
  const [first] = files;
  if (first !== undefined) return { type: first.kind } as const;
  if (kind === "text") return { type: "text" } as const;
  const poll = pollOf(shown);
  if (poll !== undefined) {
    const votes = changes.filter((one) => one.kind === "vote");
    const ended = changes.some((one) => one.kind === "pollEnd");
    return { type: "poll", poll: pollState(poll, votes, ended) } as const;
  }
  const part = mainPart(shown);
  const content = part?.content ?? new Uint8Array();
  return { type: "unknown", mediaType: part?.contentType ?? "", content } as const;
}

/** The content of a message that is shown now: of its newest version. */
export function shownVersion(row: HistoryRow): Bytes {
  const sender = userOfClient(senderOf(row.body));
  const newest = row.changes.findLast(({ body }) => {
    const change = changeIn(body);
    return change.kind === "edit" && change.by === sender;
  });
  return readStored((newest ?? row).body).content;
}

/**
 * The ids with which somebody has said an emoji to a message, and not taken it back. A custom one is
 * `:name:`.
 */
export function reactionsBy(row: HistoryRow, user: UserUri, emoji: string): readonly string[] {
  return row.changes
    .filter(({ body }) => {
      const change = changeIn(body);
      return change.by === user && change.said.some(({ key }) => key === emoji);
    })
    .map(({ messageId }) => messageId);
}

const nothing = {
  text: "",
  files: [],
  filesRefused: false,
  versionOf: undefined,
  sticker: undefined,
  customEmoji: [],
  format: "plain",
  inReplyTo: undefined,
  topic: undefined,
  mentions: [],
  mentionsEveryone: false,
  mentionedRoles: [],
  editedAt: undefined,
  reactions: [],
  pinned: false,
  forwarded: undefined,
  preview: undefined,
  expiresAt: undefined,
} as const;

/** One emoji that somebody says. */
type Said = Pick<Reaction, "emoji" | "custom"> & {
  /** The same for the same: the emoji, or `:name:`. */
  readonly key: string;
};

type ChangeIn = {
  readonly by: UserUri;
  readonly kind: string;
  readonly said: readonly Said[];
  readonly choices: readonly number[];
  readonly parsed: MimiContent;
};

function changeIn(body: Uint8Array): ChangeIn {
  const { sender, parsed } = decodeStored(body);
  const change = changeOf(parsed);
  const emojis = change?.kind === "reaction" ? change.emojis : [];
  return {
    by: userOfClient(sender),
    kind: change?.kind ?? "",
    said: saidIn(parsed, emojis),
    choices: change?.kind === "vote" ? change.choices : [],
    parsed,
  };
}

function saidIn(content: MimiContent, emojis: readonly string[]): readonly Said[] {
  const sent = customReactionOf(content);
  const [emoji] = emojis;
  if (sent === undefined || emoji === undefined) {
    return emojis.map((one) => ({ key: one, emoji: one, custom: undefined }));
  }
  const custom = messageSticker(sent);
  return [{ key: custom.name === undefined ? custom.id : `:${custom.name}:`, emoji, custom }];
}

/** One person says the same once, from however many clients. */
function reactionsOf(changes: readonly ChangeIn[]): readonly Reaction[] {
  const found = new Map<string, { readonly said: Said; readonly by: Set<string> }>();
  for (const { by, said } of changes) {
    for (const one of said) {
      const known = found.get(one.key) ?? { said: one, by: new Set<string>() };
      known.by.add(formatAddress(by));
      found.set(one.key, known);
    }
  }
  return [...found.values()].map(({ said: { emoji, custom }, by }) => ({
    emoji,
    custom,
    by: [...by],
  }));
}

function topicOf({ topicId }: MimiContent): string | undefined {
  return topicId.length === 0 ? undefined : topicText(toHex(topicId));
}

/** The name of a thread, from the hex of its MIMI topic: which stands for itself where it is no text. */
export function topicText(topic: string): string {
  try {
    return utf8Decode(fromHex(topic));
  } catch (error) {
    if (error instanceof Refusal) return topic;
    throw error;
  }
}
