import {
  assetLinkOf,
  decodeContent,
  type MimiContent,
  type NestedPart,
  parseAddress,
  parseRoomUri,
  type RoomUri,
} from "@treehouse/protocol";

import type { Assets } from "../../assets/index.ts";
import { composeForward, messageOf, shownVersion } from "../../messages/index.ts";
import type { ConversationParts, SentMessage } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";
import { createSender } from "./own-messages.ts";
import { expiresOf, type Going } from "./send-options.ts";

export type ForwardOptions = Going & {
  /** Says whose it was and when; otherwise only that it is forwarded. Nobody can check it. */
  readonly nameSource?: boolean;
  readonly topic?: string | undefined;
};

export interface Forwarding {
  /**
   * Says a message of this conversation once more in another one, as it stands now and without what was
   * said to it; `to` is that one's id. Refuses `notFound`.
   */
  forward(id: string, to: string, options?: ForwardOptions): Promise<SentMessage>;
}

/** The same content for those in another conversation, who may read the files of that one alone. */
async function carried(
  assets: Pick<Assets, "copy">,
  content: Uint8Array,
  { from, to }: { readonly from: RoomUri; readonly to: RoomUri },
): Promise<MimiContent> {
  const carry = async (part: NestedPart): Promise<NestedPart> => {
    if (part.kind === "multi") {
      const inner: NestedPart[] = [];
      for (const one of part.parts) inner.push(await carry(one));
      return { ...part, parts: inner };
    }
    const link = part.kind === "external" ? assetLinkOf(part, from) : undefined;
    if (part.kind !== "external" || link === undefined) return part;
    const { uri, expires } = await assets.copy(link, { kind: "room", room: to });
    return { ...part, url: uri, expires };
  };
  const parsed = decodeContent(content);
  return { ...parsed, body: await carry(parsed.body) };
}

export function createForwarding(parts: ConversationParts, room: RoomUri): Forwarding {
  const here = createSender(parts, room);
  return {
    forward: (id, to, options = {}) =>
      guarded(async () => {
        const row = await here.messageWith(id);
        const { sender, acceptedAt, forwarded } = messageOf(row);
        const target = parseRoomUri(to);
        const there = createSender(parts, target);
        const { nameSource = false, topic } = options;
        // What was forwarded before keeps the name of whoever is said to have written it.
        const known = forwarded?.from === undefined ? undefined : parseAddress(forwarded.from);
        const from = forwarded === undefined ? sender : known;
        const at = forwarded === undefined ? acceptedAt : forwarded.at;
        const named = nameSource ? { from, at } : { from: undefined, at: undefined };
        const expires = await expiresOf(parts, target, options);
        const original = await carried(parts.assets, shownVersion(row), { from: room, to: target });
        return there.say(composeForward(there.place, { original, named, topic, expires }));
      }),
  };
}
