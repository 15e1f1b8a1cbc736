/** What files are to a user: what goes into messages, versions, and a library of one's own. */
export {
  type ConversationFile,
  continuedBy,
  conversationFiles,
  versionsOf,
} from "./conversation-files.ts";
export { createAutoDownload } from "./auto-download.ts";
export type { FileFilter } from "./find-files.ts";
export type { LibraryMessage } from "./library.ts";
export { createLibrary, type Keeping, type Library, type LibraryFile } from "./library-face.ts";
export type { FileStore, Transfer } from "./ports.ts";
export { type FileNote, type FileWish, linkIn } from "./prepare-file.ts";
export { prepareMessage } from "./prepare-message.ts";
export { createReleases, type Releases } from "./releases.ts";
