/** What people say to each other: MIMI content in and out, and the stored history. */
export {
  composeCustomReaction,
  composeDeletion,
  type Composed,
  composeEdit,
  composeFiles,
  composeReaction,
  composeRead,
  composeSticker,
  composeText,
  composeUnlike,
  type TextWish,
} from "./compose.ts";
export {
  type HistoryItem,
  itemOf,
  type Message,
  messageOf,
  type Reaction,
  reactionsBy,
} from "./message.ts";
export { type FileFlag, type FileKind, filesReader, type MessageFile } from "./message-files.ts";
export {
  createReader,
  emptyBody,
  readContent,
  readStored,
  senderOf,
  type Takers,
} from "./read-content.ts";
export { type MessageSticker, stickerInfo, type StickerInfo, stickersIn } from "./stickers.ts";
export { Loops } from "./loops.ts";
export { describer, facetOf, searchableOf } from "./searchable.ts";
export { type MessagesOptions, unhandledMessages } from "./unhandled-messages.ts";
