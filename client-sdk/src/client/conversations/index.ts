/** All conversations: found, listed, in folders, and what is told of them. */
export {
  type ClientConversations,
  type ConversationKind,
  type CreateConversation,
  createConversations,
} from "./conversations.ts";
export { createConversationFinder, type FoundConversation } from "./find-conversations.ts";
export { type ClientFolders, createFolders, type FolderInfo } from "./folders.ts";
export {
  type ClientNotifications,
  createClientNotifications,
  type Judged,
} from "./notifications.ts";
