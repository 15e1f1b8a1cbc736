import {
  compareSafetyNumber,
  formatAddress,
  parseAddress,
  parseUserUri,
  Refusal,
  type RoomUri,
  type SafetyComparison,
  type SafetyNumber,
  type UserUri,
} from "@treehouse/protocol";

import { notesOf, writeOwnName } from "../../account/index.ts";
import {
  composeText,
  type HistoryItem,
  itemOf,
  type OwnContent,
  type TextWish,
} from "../../messages/index.ts";
import { type HistoryPage } from "../../groups/index.ts";
import { profileKept, readOwnProfile } from "../../profiles/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { ConversationInfo, Member } from "./conversation-info.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { limitOf, placeIn } from "../pages.ts";
import { createMessageChanges, type MessageChanges } from "./change-message.ts";
import { type ConversationServer, createConversationServer } from "./conversation-server.ts";
import { type ActOptions, reasonOf } from "./act-options.ts";
import { type ConversationAudit, createConversationAudit } from "./conversation-audit.ts";
import { type ConversationEnd, createConversationEnd } from "./conversation-end.ts";
import { type ConversationAbout, createConversationAbout } from "./conversation-about.ts";
import { type ConversationJoining, createConversationJoining } from "./conversation-links.ts";
import { createExpiring, type Expiring } from "./expiring.ts";
import { createDrafts, type Drafts } from "./drafts.ts";
import { createForwarding, type Forwarding } from "./forward.ts";
import { createGoverning, type Governing } from "./governing.ts";
import { createSender } from "./own-messages.ts";
import { createPinsAndPolls, type PinsAndPolls } from "./pins-and-polls.ts";
import {
  type Organisation,
  organisationOf,
  organise,
  type OrganiseWish,
  checkText,
} from "../account/index.ts";
import { type Delivery, deliveryOf } from "./receipts.ts";
import { markRead } from "./mark-read.ts";
import { expiresOf, type Going } from "./send-options.ts";
import { type ConversationThreads, createThreads } from "./threads.ts";
import { search, type SearchOptions, type SearchResult } from "../searching/index.ts";
import {
  type ConversationFiles,
  createConversationFiles,
  type FilesWish,
  type SentFiles,
} from "./conversation-files.ts";
import { createStickerSending, type StickerSending } from "./send-sticker.ts";

export type SendOptions = Going & Pick<TextWish, "inReplyTo" | "topic" | "format" | "preview">;

/**
 * One conversation. Wishes are stored before anything leaves and survive crashes; the promises
 * resolve when the hub has accepted them, and reject with `SdkError` when it never will.
 */
export interface Conversation
  extends
    MessageChanges,
    ConversationAbout,
    ConversationAudit,
    ConversationEnd,
    ConversationFiles,
    StickerSending,
    PinsAndPolls,
    Forwarding,
    Governing,
    Expiring,
    ConversationThreads,
    ConversationServer,
    ConversationJoining,
    Drafts {
  readonly id: RoomUri;
  info(): Promise<ConversationInfo>;
  members(): Promise<readonly Member[]>;
  /**
   * Sends a text, or a content of a type of one's own (`defineContent`). Markdown may name people by
   * links to their `mimi:` URI, and everybody by one to the conversation's id, or those of a role with
   * `#role=<index>` behind it, where the rules permit it; otherwise it is refused `notAllowed`. Custom
   * emoji of the user's go along where the text has `:name:`.
   */
  send(said: string | OwnContent, options?: SendOptions): Promise<SentMessage>;
  /**
   * Uploads files for those in the conversation and sends a message that brings them. What they are is
   * read from their octets, and thumbnails are made, on this machine alone. With a `resumeKey` a call
   * that was cut short, by whatever, can be made again and goes on. Refuses `limitExceeded`, naming
   * the limit, and what `assets.upload` does.
   */
  send(files: FilesWish): Promise<SentFiles>;
  /**
   * Sends a message of this client once more, under the id that it has: for what `lostByServer`
   * tells of. Whoever has it already is not shown it twice.
   */
  sendAgain(messageId: string): Promise<SentMessage>;
  /**
   * A page of what this store has, oldest first: the newest 50 items, or those before, after or around
   * a place. Positions hold for ever and are the same on all clients, so that those of a page's ends
   * lead to its neighbours. Refuses `notFound` for an id to be around that is not here.
   */
  history(options?: HistoryOptions): Promise<readonly HistoryItem[]>;
  /** Pins, archives, mutes, labels it and puts it into folders, for this user alone, on all clients. */
  organise(wish: OrganiseWish): Promise<Organisation>;
  /**
   * How many days of what was said before this conversation grants to those who join it; 0: none. They
   * get it from a member, whose word it is then.
   */
  historyDays(): Promise<number>;
  /** Changes that, if the own role may. Refuses `notAllowed`, and `limitExceeded` beyond 366 days. */
  setHistoryDays(days: number): Promise<void>;
  /** As `client.search`, in this conversation alone. */
  search(query: string, options?: SearchOptions): Promise<SearchResult>;
  /** Adds users by address, all or none; who is in already is passed over. */
  add(addresses: readonly string[], options?: ActOptions): Promise<void>;
  /** Removes users by address; who is not in is passed over. */
  remove(addresses: readonly string[], options?: ActOptions): Promise<void>;
  leave(): Promise<void>;
  /**
   * Tells the others that this user writes: call it at each stroke, for it leaves the client every
   * three seconds at most, and ends by itself six seconds after the last one, or with the message.
   * `false` ends it at once. Nothing leaves the client if the setting `typing` is off.
   */
  typing(on?: boolean): Promise<void>;
  /** A name that only this user sees, on all clients. Undefined takes it back. */
  setOwnName(name: string | undefined): Promise<void>;
  /**
   * Notes for all of the user's clients that everything up to a position has been read, and tells the
   * others in a conversation of at most 16 people, unless `settings.readReceipts` is off. What is beyond
   * the newest entry here is that one. Refuses `malformed` what is no position.
   */
  markRead(position: number): Promise<void>;
  /** How far others have said that it has reached them, and that they have read: a position for each who has. */
  receipts(): Promise<
    readonly { readonly address: string; readonly read: number; readonly delivered: number }[]
  >;
  /** How far a message has come, as the others say; in large conversations nobody says it. */
  delivery(id: string): Promise<Delivery>;
  /**
   * The number of the conversation's state in this epoch: whoever shows the same has the same
   * members, keys and history of changes.
   */
  safetyNumber(): Promise<ConversationSafety>;
  /** Compares it with what was scanned or read out; `unrelated` also when it is of another epoch. */
  compareSafetyNumber(scanned: string): Promise<SafetyComparison>;
}

function isFiles(said: string | OwnContent | FilesWish): said is FilesWish {
  return typeof said !== "string" && !("content" in said);
}

export type ConversationSafety = SafetyNumber & { readonly epoch: number };

type HistoryOptions = Omit<HistoryPage, "limit"> & { readonly limit?: number | undefined };

const historyLimit = 50;

export function createConversation(parts: ConversationParts, id: RoomUri): Conversation {
  const { chosen, expiry, groups, presences, session, stickers, store } = parts;
  const note = (write: (tx: LocalTx, at: number) => void): Promise<void> =>
    guarded(async () => {
      await store.transaction((tx) => write(tx, chosen.now()));
      await chosen.push();
    });
  const info = async (): Promise<ConversationInfo> => {
    const { room, members, picture, deleted, unvouched, ...rest } = await groups.info(id);
    const nameOf = (tx: LocalTx, user: UserUri): string | undefined =>
      (user === session.user ? readOwnProfile(tx) : profileKept(tx, user))?.displayName;
    return store.transaction((tx) => ({
      id: room,
      ...rest,
      picture: picture !== undefined,
      deleted: deleted && { by: addressOf(deleted.by), at: deleted.at },
      unvouched: unvouched.map((user) => formatAddress(user)),
      ...unreadIn(tx, id),
      organisation: organisationOf(tx, id, chosen.now()),
      members: members.map(({ user, ...member }) => ({
        ...member,
        address: formatAddress(user),
        displayName: nameOf(tx, user),
      })),
    }));
  };
  const filesHere = createConversationFiles(parts, id);
  const sendSaid = async (
    said: string | OwnContent,
    options: SendOptions = {},
  ): Promise<SentMessage> => {
    const { place, need, say } = createSender(parts, id);
    const expires = await expiresOf(parts, id, options);
    const wish = { ...options, expires };
    const text = typeof said === "string" ? said : "";
    const own = typeof said === "string" ? undefined : said;
    const emoji = await stickers.emojiIn(id, text);
    const message = composeText(place, { ...wish, text, own, emoji });
    if (message.callsRoom) await need("callEveryone");
    return say(message);
  };
  function send(said: string | OwnContent, options?: SendOptions): Promise<SentMessage>;
  function send(files: FilesWish): Promise<SentFiles>;
  function send(
    said: string | OwnContent | FilesWish,
    options?: SendOptions,
  ): Promise<SentMessage | SentFiles> {
    return guarded<SentMessage | SentFiles>(() =>
      isFiles(said) ? filesHere.sendFiles(said) : sendSaid(said, options),
    );
  }
  return {
    id,
    ...createMessageChanges(parts, id),
    ...createConversationAbout(parts, id),
    ...createConversationAudit(parts, id),
    ...createConversationEnd(parts, id),
    ...filesHere.face,
    ...createPinsAndPolls(parts, id),
    ...createForwarding(parts, id),
    ...createGoverning(parts, id),
    ...createExpiring(parts, id),
    ...createThreads(parts, id),
    ...createConversationJoining(parts, id),
    ...createDrafts(parts, id),
    ...createConversationServer(parts, id),
    ...createStickerSending(parts, id),
    info: () => guarded(info),
    members: () => guarded(async () => (await info()).members),
    send,
    sendAgain: (messageId) =>
      guarded(async () => {
        const { position, acceptedAt } = await groups.sendAgain(id, messageId);
        return { id: messageId, conversation: id, position, acceptedAt };
      }),
    history: (options = {}) =>
      guarded(async () => {
        const { around, before, after, limit } = options;
        const page = {
          limit: limitOf(limit, historyLimit),
          before: placeIn(before),
          after: placeIn(after),
          around: typeof around === "string" ? around : placeIn(around),
        };
        await expiry.purge();
        const rows = await groups.history(id, page);
        return rows.filter((row) => !expiry.isOver(row)).map(itemOf);
      }),
    organise: (wish) =>
      guarded(async () => {
        const { position } = await groups.info(id);
        const organisation = await store.transaction((tx) => {
          organise(tx, id, { wish, position, at: chosen.now() });
          return organisationOf(tx, id, chosen.now());
        });
        await chosen.push();
        return organisation;
      }),
    historyDays: () => guarded(async () => (await groups.historyGranting(id)).days),
    setHistoryDays: (days) => guarded(async () => void (await groups.setHistoryDays(id, days))),
    search: (query, options) => search(parts, query, options, id),
    add: (addresses, options) =>
      guarded(
        async () => void (await groups.add(id, addresses.map(parseAddress), reasonOf(options))),
      ),
    remove: (addresses, options) =>
      guarded(async () => {
        const users = addresses.map(parseAddress);
        if (users.includes(session.user)) {
          throw new Refusal("notAllowed", "to go yourself, leave the conversation");
        }
        await groups.remove(id, users, reasonOf(options));
      }),
    leave: () => guarded(async () => void (await groups.leave(id))),
    typing: (on = true) => guarded(() => presences.typing(id, on)),
    setOwnName: (name) =>
      note((tx, at) => {
        checkText(name);
        writeOwnName(tx, id, { name, at });
      }),
    markRead: (position) => guarded(() => markRead(parts, id, position)),
    receipts: () =>
      guarded(async () => {
        const told = await store.transaction((tx) => tx.receipts.of(id));
        return told.map(({ user, ...far }) => ({ address: formatAddress(user), ...far }));
      }),
    delivery: (messageId) => guarded(() => deliveryOf(parts, id, messageId)),
    safetyNumber: () => guarded(() => groups.safetyNumber(id)),
    compareSafetyNumber: (scanned) =>
      guarded(async () => compareSafetyNumber(await groups.safetyNumber(id), scanned)),
  };
}

function unreadIn(tx: LocalTx, room: RoomUri) {
  const notes = notesOf(tx, room);
  return { ...notes, unread: tx.unread.count(room, notes.readPosition) };
}

function addressOf(user: string | undefined): string | undefined {
  return user === undefined ? undefined : formatAddress(parseUserUri(user));
}
