import { parseDomain, type RoomUri } from "@treehouse/protocol";

import type { Claimed } from "../../groups/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

/** Which server orders a conversation. */
export interface ConversationServer {
  /**
   * Hands the conversation over to another server, which has to have members in it and to agree: it
   * gives the messages their order from then on, and lets members in. Nobody has to do anything, and
   * what is sent meanwhile arrives once. Refuses `notAllowed` unless the own role may, and
   * `notMember` where nobody of that server is in.
   */
  handOver(server: string): Promise<void>;
  /**
   * Agrees, as an owner, that the conversation goes on at another server because its own is gone for good.
   * More than half of the owners have to, those left aside whose own server is the one that is gone; each
   * says it for the same server, and with the last one it goes on there, with new keys, and everybody comes
   * along. Refuses `ownersMissing` to others, `notAllowed` while the server still answers, `conflict` while
   * this client and that server have not read the same, and `notMember` where nobody of that server is in.
   */
  replaceServer(server: string): Promise<Claimed>;
}

export function createConversationServer(
  { groups }: ConversationParts,
  room: RoomUri,
): ConversationServer {
  return {
    replaceServer: (server) => guarded(() => groups.claim(room, parseDomain(server))),
    handOver: (server) =>
      guarded(async () => void (await groups.handOver(room, parseDomain(server)))),
  };
}
