/** What people say to each other: MIMI content in and out, and the stored history. */
export {
  composeDeletion,
  type Composed,
  composeEdit,
  composeReaction,
  composeRead,
  composeText,
  composeUnlike,
  type TextWish,
} from "./compose.ts";
export { type HistoryItem, itemOf, type Message, type Reaction, reactionsBy } from "./message.ts";
export { createReader, readStored, type Takers } from "./read-content.ts";
export { Loops } from "./loops.ts";
export { describer, facetOf, searchableOf } from "./searchable.ts";
export { type MessagesOptions, unhandledMessages } from "./unhandled-messages.ts";
