/** What people say to each other: MIMI content in and out, and the stored history. */
export type { MessageFile } from "./files.ts";
export {
  composeDeletion,
  type Composed,
  composeEdit,
  composeFile,
  composeReaction,
  composeRead,
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
export { createReader, readStored, type Takers } from "./read-content.ts";
export { Loops } from "./loops.ts";
export { describer, facetOf, searchableOf } from "./searchable.ts";
export { type MessagesOptions, unhandledMessages } from "./unhandled-messages.ts";
