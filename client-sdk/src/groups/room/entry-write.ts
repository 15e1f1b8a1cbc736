import type { Bytes, Entry } from "@treehouse/protocol";

import type { FaultCode } from "../../events/index.ts";
import type { LocalTx, MessageKind } from "../../storage/index.ts";
import type { GroupsContext, Room } from "./context.ts";
import { describeEvent } from "./room-event.ts";

/** What one entry comes to: rows for the transaction, and what to tell once they are durable. */
export type EntryWrite = {
  rows(tx: LocalTx): void;
  after(): void;
  /** This client is out with this entry. */
  readonly left: boolean;
};

export const nothing: EntryWrite = {
  rows: () => undefined,
  after: () => undefined,
  left: false,
};

/** The entry stays in the history as one that could not be used. */
export function fault(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  code: FaultCode,
  text: string,
): EntryWrite {
  return {
    left: false,
    rows(tx) {
      const body = describeEvent({ kind: "fault", code, text });
      tx.messages.append(entryRow(room, entry, "fault", `fault ${entry.position}`, body), true);
    },
    after: () => tellFault(context, room, entry, code, text),
  };
}

/** The row that shows in the history where the hub went back. */
export function restoredRow(room: Room, position: number, acceptedAt: number) {
  const body = describeEvent({ kind: "fault", code: "restored", text: restoredText });
  const kind = "fault" as const;
  return { room: room.uri, position, messageId: `fault ${position}`, kind, acceptedAt, body };
}

export const restoredText =
  "The server was set back to a backup. What was said shortly before may be missing for some.";

export function tellFault(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  code: FaultCode,
  text: string,
): void {
  tellFaultAt(context, room, entry.position, code, text);
}

export function tellFaultAt(
  context: GroupsContext,
  room: Room,
  position: number,
  code: FaultCode,
  text: string,
): void {
  context.env.log.warn("entry.fault", { code, position });
  context.events.emit("fault", { room: room.uri, position, code, text });
}

export function entryRow(
  room: Room,
  entry: Entry,
  kind: MessageKind,
  messageId: string,
  body: Bytes,
) {
  return {
    room: room.uri,
    position: entry.position,
    messageId,
    kind,
    acceptedAt: entry.acceptedAt,
    body,
  };
}
