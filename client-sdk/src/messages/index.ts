/** What people say to each other: MIMI content in and out, and the stored history. */
export {
  composeCustomReaction,
  composeDeletion,
  type Composed,
  composeEdit,
  composeFiles,
  composeForward,
  composePin,
  composePoll,
  composePollEnd,
  composeReaction,
  composeStatus,
  composeSticker,
  composeText,
  composeUnlike,
  composeVote,
  type OwnContent,
  type PollWish,
  type TextWish,
} from "./compose.ts";
export { needsOf } from "./needs.ts";
export { createExpiry, type Expiry } from "./expiry.ts";
export { type ContentType, defineContent } from "./define-content.ts";
export {
  type HistoryItem,
  itemOf,
  type Message,
  messageOf,
  type Reaction,
  reactionsBy,
  shownVersion,
  topicText,
} from "./message.ts";
export { type FileFlag, type FileKind, filesReader, type MessageFile } from "./message-files.ts";
export type { PollState } from "./poll-state.ts";
export { type ReplyChain, replyChain } from "./reply-chain.ts";
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
