/** A conversation as programs have it: its messages, its people, its rules and its end. */
export type { ActOptions } from "./act-options.ts";
export type { AboutChange } from "./conversation-about.ts";
export type { ConversationFiles, FilesWish, SentFiles } from "./conversation-files.ts";
export type { JoinLinkInfo, KnockInfo, NewLink } from "./conversation-links.ts";
export type { ConversationInfo, Member } from "./conversation-info.ts";
export type { ConversationParts, SentMessage } from "./conversation-parts.ts";
export type { Conversation, ConversationSafety, SendOptions } from "./conversation.ts";
export { openConversation } from "./open-conversation.ts";
export type { ConversationPolicy, LimitsWish, RoleWish, SanctionedPerson } from "./governing.ts";
export { idsMax, receiptTaker, type Telling, tellStatus } from "./receipts.ts";
