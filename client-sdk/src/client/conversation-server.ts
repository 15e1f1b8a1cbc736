import { parseDomain, type RoomUri } from "@treehouse/protocol";

import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "./guarded.ts";

/** Which server orders a conversation. */
export interface ConversationServer {
  /**
   * Hands the conversation over to another server, which has to have members in it and to agree: it
   * gives the messages their order from then on, and lets members in. Nobody has to do anything, and
   * what is sent meanwhile arrives once. Refuses `notAllowed` unless the own role may, and
   * `notMember` where nobody of that server is in.
   */
  handOver(server: string): Promise<void>;
}

export function createConversationServer(
  { groups }: ConversationParts,
  room: RoomUri,
): ConversationServer {
  return {
    handOver: (server) =>
      guarded(async () => void (await groups.handOver(room, parseDomain(server)))),
  };
}
