import type { RoomUri } from "@treehouse/protocol";

import { checkedCalls } from "../checking/index.ts";
import { conversationCalls } from "./conversation-calls.ts";
import { type Conversation, createConversation } from "./conversation.ts";
import type { ConversationParts } from "./conversation-parts.ts";

/** A conversation as programs have it. */
export function openConversation(parts: ConversationParts, room: RoomUri): Conversation {
  return checkedCalls(createConversation(parts, room), conversationCalls);
}
