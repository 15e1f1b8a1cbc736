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
} from "../files/index.ts";
import { composeFiles, readStored, type TextWish } from "../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "./guarded.ts";

/** One file with everything that is to be said of it, or several of them. */
export type FilesWish = Partial<FileWish> &
  Transfer &
  Omit<TextWish, "text"> & {
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
    readonly limit?: number;
    readonly before?: number;
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
  const { assets, files, groups, profiles, session, store } = parts;
  const place = { room, sender: session.user, random: session.random };
  const access = { kind: "room", room } as const;

  const post = async (composed: ReturnType<typeof composeFiles>): Promise<SentMessage> => {
    profiles.sending(room);
    const { position, acceptedAt } = await groups.send(room, composed.content);
    return { id: composed.id, conversation: room, position, acceptedAt };
  };
  const face: ConversationFiles = {
    files: ({ before, limit = filesLimit } = {}) =>
      guarded(() => store.transaction((tx) => conversationFiles(tx, room, { before, limit }))),
    versions: (message) => guarded(() => store.transaction((tx) => versionsOf(tx, room, message))),
    restoreVersion: (message) =>
      guarded(async () => {
        const { current, content } = await store.transaction((tx) => ({
          current: versionsOf(tx, room, message).find(({ version }) => version.current),
          content: tx.messages.contentById(room, message),
        }));
        const old = content && attachmentsOf(decodeContent(readStored(content.body).content));
        const file = old?.files[0];
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
        return post(composeFiles(place, { text: "" }, [wish]));
      }),
  };
  const sendFiles = async (wish: FilesWish): Promise<SentFiles> => {
    const { caption = "", versionOf, inReplyTo, topic, format, ...rest } = wish;
    const { files: several, resumeKey, signal, onProgress, file, ...about } = rest;
    const wishes = [...(file === undefined ? [] : [{ file, ...about }]), ...(several ?? [])];
    const continues =
      versionOf === undefined
        ? undefined
        : await store.transaction((tx) => continuedBy(tx, room, versionOf));
    const { attachments, notes } = await prepareMessage(
      { store: files.store, pictures: files.pictures, access },
      { files: wishes, caption },
      { continues, resumeKey, signal, onProgress },
    );
    const text = { text: caption, inReplyTo, topic, format };
    return { ...(await post(composeFiles(place, text, attachments))), notes };
  };
  return { face, sendFiles };
}
