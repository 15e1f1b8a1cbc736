import type { UserUri } from "@treehouse/protocol";

import type { MessageFiles } from "./message-files.ts";
import type { MessageRow, Messages } from "./messages.ts";

/** What a content says of its files; owned here, met by the messages layer. */
export type FilesReader = (row: Pick<MessageRow, "room" | "body">) => FilesOfContent | undefined;

export type FilesOfContent = {
  readonly sender: UserUri;
  /** Of their assets, in the order of the message; empty where there is none to fetch. */
  readonly uris: readonly string[];
  /** Of assets that go with the message and are no files: of its stickers. */
  readonly held?: readonly string[] | undefined;
  /** The message ids that a new version of a file names. */
  readonly continues?: { readonly first: string; readonly previous: string } | undefined;
};

/** The messages of the store, with the index of their files kept in step. */
export function filed(messages: Messages, files: MessageFiles, read: FilesReader): Messages {
  return {
    ...messages,
    append(row, handled) {
      const isNew = messages.append(row, handled);
      const found = isNew && row.kind === "content" ? read(row) : undefined;
      if (found === undefined) return isNew;
      const { room, messageId, position } = row;
      const { sender, uris, held = [], continues } = found;
      // The version that was changed knows where it belongs; only who lacks it believes the message.
      const known = continues === undefined ? [] : files.of(room, continues.previous);
      const first = known[0]?.first ?? continues?.first ?? messageId;
      for (const [number, uri] of uris.entries()) {
        const previous = continues?.previous;
        files.put({ room, messageId, number, position, sender, uri, first, previous });
      }
      for (const [index, uri] of held.entries()) {
        const place = { room, messageId, number: -1 - index, position };
        files.put({ ...place, sender, uri, first: messageId, previous: undefined });
      }
      return isNew;
    },
  };
}
