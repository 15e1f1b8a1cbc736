import { type CapabilityName, decodeContent, Refusal, type RoomUri } from "@treehouse/protocol";

import { type HistoryRow, withChanges } from "../../groups/index.ts";
import { type Composed, needsOf } from "../../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";

/** What everything that is sent into one conversation needs. */
export function createSender(
  { groups, profiles, session, store }: ConversationParts,
  room: RoomUri,
) {
  const place = { room, sender: session.user, random: session.random };
  return {
    place,
    /** Refuses `notFound` for what is not in the conversation, or not any more. */
    async messageWith(id: string): Promise<HistoryRow> {
      const find = () =>
        store.transaction((tx) => {
          const known = tx.messages.contentById(room, id);
          return known === undefined ? undefined : withChanges(tx, known);
        });
      const known = await find();
      if (known !== undefined) return known;
      await groups.echoes(room);
      const row = await find();
      if (row !== undefined) return row;
      throw new Refusal("notFound", "there is no message with this id in the conversation");
    },
    /** Refuses `notAllowed`. */
    async need(capability: CapabilityName): Promise<void> {
      if (!(await groups.may(room, capability))) throw notPermitted();
    },
    /** Something that is shown in the conversation by itself. Refuses `notAllowed`. */
    async say(message: Composed): Promise<SentMessage> {
      profiles.sending(room);
      return sent(message);
    },
    sent,
  };

  async function sent({ id, content }: Composed): Promise<SentMessage> {
    for (const any of needsOf(decodeContent(content))) {
      const may = await Promise.all(any.map((one) => groups.may(room, one)));
      if (!may.includes(true)) throw notPermitted();
    }
    const { position, acceptedAt } = await groups.send(room, content);
    return { id, conversation: room, position, acceptedAt };
  }
}

export type Sender = ReturnType<typeof createSender>;

function notPermitted(): Refusal {
  return new Refusal("notAllowed", "the rules of this conversation do not permit you that");
}
