import { type RoomUri, toHex, utf8Encode } from "@treehouse/protocol";

import { type Draft, draftAt, writeDraft } from "../../account/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

export interface Drafts {
  /** What was begun in the conversation, or in one of its threads; the same on all of the user's clients. */
  draft(topic?: string): Promise<Draft | undefined>;
  /** Undefined: there is none any more. Refuses `limitExceeded` beyond 24 KiB of all drafts together. */
  setDraft(draft: Draft | undefined, topic?: string): Promise<void>;
}

export function createDrafts({ chosen, store }: ConversationParts, room: RoomUri): Drafts {
  const placeOf = (topic = "") => ({ room, topic: toHex(utf8Encode(topic)) });
  return {
    draft: (topic) => guarded(() => store.transaction((tx) => draftAt(tx, placeOf(topic)))),
    setDraft: (draft, topic) =>
      guarded(async () => {
        await store.transaction((tx) =>
          writeDraft(tx, placeOf(topic), { draft, at: chosen.now() }),
        );
        await chosen.push();
      }),
  };
}
