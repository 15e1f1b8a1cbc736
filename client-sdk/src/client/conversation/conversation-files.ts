import {
  assetLinkOf,
  attachmentsOf,
  decodeContent,
  Refusal,
  type RoomUri,
} from "@treehouse/protocol";

import {
  type ConversationFile,
  continuedBy,
  conversationFiles,
  type FileNote,
  type FileWish,
  linkIn,
  prepareMessage,
  type Transfer,
  versionsOf,
} from "../../files/index.ts";
import { composeFiles, readStored, type TextWish } from "../../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { createSender } from "./own-messages.ts";
import { expiresOf, type Going } from "./send-options.ts";
import { guarded } from "../guarded.ts";
import { limitOf, placeIn } from "../pages.ts";

/** One file with everything that is to be said of it, or several of them. */
export type FilesWish = Partial<FileWish> &
  Transfer &
  Pick<TextWish, "inReplyTo" | "topic" | "format"> &
  Going & {
    readonly files?: readonly FileWish[] | undefined;
    readonly caption?: string | undefined;
    /** Id of the message with the file of which this is a new version. */
    readonly versionOf?: string | undefined;
  };

export type SentFiles = SentMessage & {
  /** What the sender may want to know: no thumbnail could be made, a photograph tells its place. */
  readonly notes: readonly FileNote[];
};

/** The files of one conversation. */
export interface ConversationFiles {
  /** The files of the newest `limit` messages with files before a position, newest first. */
  files(options?: {
    readonly limit?: number | undefined;
    readonly before?: number | undefined;
  }): Promise<readonly ConversationFile[]>;
  /** All versions of the file of a message, oldest first. Refuses `notFound`. */
  versions(message: string): Promise<readonly ConversationFile[]>;
  /**
   * Makes the version that a message holds the current one, by a new version with the same content,
   * which is not uploaded again. Refuses `notFound`, and `malformed` for what is current already.
   */
  restoreVersion(message: string): Promise<SentMessage>;
}

const filesLimit = 50;

export function createConversationFiles(parts: ConversationParts, room: RoomUri) {
  const { assets, files, store } = parts;
  const { place, messageWith, say } = createSender(parts, room);
  const access = { kind: "room", room } as const;

  const face: ConversationFiles = {
    files: ({ before, limit } = {}) =>
      guarded(async () => {
        const page = { before: placeIn(before), limit: limitOf(limit, filesLimit) };
        return store.transaction((tx) => conversationFiles(tx, room, page));
      }),
    versions: (message) =>
      guarded(async () => {
        // Waits for what this client has sent itself.
        await messageWith(message);
        return store.transaction((tx) => versionsOf(tx, room, message));
      }),
    restoreVersion: (message) =>
      guarded(async () => {
        const { body } = await messageWith(message);
        const versions = await store.transaction((tx) => versionsOf(tx, room, message));
        const current = versions.find(({ version }) => version.current);
        const [file] = attachmentsOf(decodeContent(readStored(body).content)).files;
        const part = file && {
          ...({
            kind: "external",
            disposition: 0,
            language: "",
            contentType: "",
          } as const),
          description: "",
          filename: "",
          ...file.link,
        };
        const link = part && assetLinkOf(part, room);
        if (current === undefined || file === undefined || link === undefined) {
          throw new Refusal("notFound", "there is no version that could be restored");
        }
        if (current.message === message) {
          throw new Refusal("malformed", "this is the current version");
        }
        const continues = await store.transaction((tx) => continuedBy(tx, room, current.message));
        // A reference of its own: when one of the two messages is taken back, the other one stays.
        const copied = linkIn(await assets.copy(link, access));
        const wish = { ...file, link: copied, continues };
        return say(composeFiles(place, { text: "" }, [wish]));
      }),
  };
  const sendFiles = async (wish: FilesWish): Promise<SentFiles> => {
    const { caption = "", versionOf, inReplyTo, topic, format, ...more } = wish;
    const { expiresIn, expiresAfterRead, ...rest } = more;
    const { files: several, resumeKey, signal, onProgress, file, ...about } = rest;
    const wishes = [...(file === undefined ? [] : [{ file, ...about }]), ...(several ?? [])];
    if (versionOf !== undefined) await messageWith(versionOf);
    const continues =
      versionOf === undefined
        ? undefined
        : await store.transaction((tx) => continuedBy(tx, room, versionOf));
    const { attachments, notes } = await prepareMessage(
      { store: files.store, pictures: files.pictures, access },
      { files: wishes, caption },
      { continues, resumeKey, signal, onProgress },
    );
    const expires = await expiresOf(parts, room, { expiresIn, expiresAfterRead });
    const text = { text: caption, inReplyTo, topic, format, expires };
    return { ...(await say(composeFiles(place, text, attachments))), notes };
  };
  return { face, sendFiles };
}
