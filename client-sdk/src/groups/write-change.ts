import {
  type Bytes,
  type CapabilityName,
  type RoomUri,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";

import type { LocalTx, MessageRow } from "../storage/index.ts";
import type { GroupsContext, ReadMessage } from "./context.ts";

type Change = NonNullable<ReadMessage["change"]>;

/** Who makes a change, and what the room's rules let them do where it stands. */
export type Changer = {
  readonly user: UserUri;
  readonly may: (capability: CapabilityName) => boolean;
};

/** More of them change nothing, but for deletions: a flood must not fill the store. */
const changesPerMessageMax = 2_000;

/**
 * Writes a change of a message if whoever makes it may, and does what it says: a deletion and what
 * takes a reaction back erase at once. A change of something that this client never
 * had is kept without effect. Answers whether anything is different now. What is refused leaves no
 * trace but its place in the stream (T-04).
 */
export function writeChange(
  context: GroupsContext,
  tx: LocalTx,
  row: Pick<MessageRow, "room" | "position" | "acceptedAt" | "messageId" | "body">,
  { change, by }: { readonly change: Change; readonly by: Changer },
): boolean {
  const { reader } = context;
  const { room } = row;
  const { kind, target } = change;
  const about = tx.messages.byId(room, target);
  const author = about === undefined ? undefined : userOfClient(reader.stored(about.body).sender);
  if (about !== undefined && !isAllowed(change, about, author, by)) return false;
  if (about === undefined && kind === "deletion" && by.may("deleteOtherMessage")) {
    // Whoever may delete what others say has done so for good: it does not come in by an archive either.
    const body = reader.emptied(row.body);
    tx.messages.append({ ...row, messageId: target, kind: "withdrawn", target, body }, true);
    return false;
  }
  const isFull = tx.messages.countChanges(room, target) >= changesPerMessageMax;
  if (isFull && (kind === "edit" || kind === "reaction")) return false;
  if (!tx.messages.append({ ...row, kind: "change", target }, true)) return false;
  if (about === undefined) return false;
  if (kind === "unlike") tx.messages.erase(about, "withdrawn", reader.emptied(about.body));
  if (kind === "deletion") eraseMessage(tx, about, (body) => reader.emptied(body));
  return true;
}

function isAllowed(
  { kind }: Change,
  about: MessageRow,
  author: UserUri | undefined,
  { user, may }: Changer,
): boolean {
  const own = author === user;
  switch (kind) {
    case "edit":
      return about.kind === "content" && own && may("editOwnMessage");
    case "deletion":
      return (
        about.kind === "content" && ((own && may("deleteOwnMessage")) || may("deleteOtherMessage"))
      );
    case "reaction":
      return about.kind === "content" && may("reactToMessage");
    case "unlike":
      return (
        about.kind === "change" && ((own && may("deleteOwnReaction")) || may("deleteOtherReaction"))
      );
  }
}

/** The message, then every version that it had, and what others said to it. */
export function eraseMessage(
  tx: LocalTx,
  message: MessageRow,
  emptied: (body: Uint8Array) => Bytes,
): void {
  tx.messages.erase(message, "deleted", emptied(message.body));
  for (const one of tx.messages.changesOf(message.room, message.messageId)) {
    tx.messages.erase(one, "withdrawn", emptied(one.body));
  }
}

/** What a change is about, for whoever is told: of a reaction taken back, the message it was about. */
export function changedMessage(tx: LocalTx, room: RoomUri, { kind, target }: Change): string {
  if (kind !== "unlike") return target;
  return tx.messages.byId(room, target)?.target ?? target;
}
