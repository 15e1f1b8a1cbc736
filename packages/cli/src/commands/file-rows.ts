import type { ConversationFile, LibraryFile } from "@treehouse/client-sdk";

import { fileLine, fileText, sizeText } from "./file-text.ts";

/** A file of a conversation as a row, without its keys. */
export function conversationRow({ file, ...where }: ConversationFile) {
  return { ...where, file: fileLine(file) };
}

export function conversationText(row: ReturnType<typeof conversationRow>): string {
  const { message, position, acceptedAt, senderAddress, file, version } = row;
  const at = `${position} ${new Date(acceptedAt).toISOString()} ${message.slice(0, 12)}`;
  const standing = version.count > 1 ? ` (${versionText(version)} of ${version.count})` : "";
  return `${at} ${senderAddress}: ${fileText(file)}${standing}`;
}

function versionText(version: Pick<LibraryFile, "current" | "head">): string {
  if (version.current) return "current version";
  return version.head ? "version saved at once with another" : "earlier version";
}

/** A file of the library as a row, without its keys. */
export function libraryRow({ link: _link, ...file }: LibraryFile) {
  return { ...file, message: file.message ?? null, previous: file.previous ?? null };
}

type LibraryRow = ReturnType<typeof libraryRow>;

export function libraryText(file: Omit<LibraryRow, "message" | "previous">): string {
  const { id, folder, name, size, tags, versions } = file;
  const path = folder === "" ? name : `${folder}/${name}`;
  const words = tags.length === 0 ? "" : ` [${tags.join(", ")}]`;
  const more = versions > 1 ? `, ${versions} versions` : "";
  return `${id.slice(0, 8)} ${path}, ${sizeText(size)}${more}${words}`;
}

export function versionLine(file: LibraryRow): string {
  const at = new Date(file.addedAt).toISOString();
  return `${file.id.slice(0, 8)} ${at} ${file.name}, ${sizeText(file.size)}, ${versionText(file)}`;
}
