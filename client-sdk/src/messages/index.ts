/** What people say to each other: MIMI content in and out, and the stored history. */
export type { MessageFile } from "./files.ts";
export {
  composeCustomReaction,
  composeDeletion,
  type Composed,
  composeEdit,
  composeFile,
  composeReaction,
  composeRead,
  composeSticker,
  composeText,
  composeUnlike,
  type FileWish,
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
