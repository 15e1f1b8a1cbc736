import type { LibraryFile } from "../../files/index.ts";
import type { HistoryItem, MessageFile } from "../../messages/index.ts";

/** A file as an export tells it: without its key, and without pictures of it. */
type ExportedFile = Pick<
  MessageFile,
  "kind" | "name" | "mediaType" | "size" | "width" | "height" | "durationMs" | "alt"
>;

type MessageItem = Extract<HistoryItem, { readonly kind: "message" }>;

/** A place in a history as an export tells it. */
export type ExportedItem =
  | Exclude<HistoryItem, MessageItem>
  | (Omit<MessageItem, "files"> & { readonly files: readonly ExportedFile[] });

export function exportedItem(item: HistoryItem): ExportedItem {
  if (item.kind !== "message") return item;
  const files = item.files.map(({ kind, name, mediaType, size, width, height, ...more }) => {
    const { durationMs, alt } = more;
    return { kind, name, mediaType, size, width, height, durationMs, alt };
  });
  return { ...item, files };
}

/** A file of the library as an export tells it. */
export type ExportedLibraryFile = Omit<LibraryFile, "link">;

export function exportedLibraryFile({ link: _link, ...file }: LibraryFile): ExportedLibraryFile {
  return file;
}
