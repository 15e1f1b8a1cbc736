import type { RoomUri } from "@treehouse/protocol";

import type { AuditPage } from "../../groups/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { limitOf, placeIn } from "../pages.ts";

/** The record of what was done in a conversation; no server has a part in it. */
export interface ConversationAudit {
  /**
   * The newest 50 acts, or so many before a number: who added, removed or moved whom, or changed the
   * conversation, and why. Refuses `notAllowed` where the own role may not read it.
   */
  audit(range?: {
    readonly before?: number | undefined;
    readonly limit?: number | undefined;
  }): Promise<AuditPage>;
  /** The whole record as this store has it, signed, for another member. */
  exportAudit(): Promise<Uint8Array>;
  /**
   * Takes in a record that another member has exported, for what was done before this client came.
   * Nothing of it is taken unless every signature holds and it leads, without a hole, to what this
   * client has from the conversation itself. Refuses `invalidMessage` and `malformed`.
   */
  importAudit(exported: Uint8Array): Promise<{ readonly added: number }>;
}

const pageLimit = 50;

export function createConversationAudit(
  { groups }: ConversationParts,
  room: RoomUri,
): ConversationAudit {
  return {
    audit: ({ before, limit } = {}) =>
      guarded(async () =>
        groups.audit(room, { before: placeIn(before), limit: limitOf(limit, pageLimit) }),
      ),
    exportAudit: () => guarded(() => groups.giveAudit(room)),
    importAudit: (exported) =>
      guarded(async () => ({ added: await groups.takeAudit(room, exported) })),
  };
}
