import { formatAddress, type RoomUri } from "@treehouse/protocol";

import { withChanges } from "../groups/index.ts";
import { type HistoryItem, itemOf } from "../messages/index.ts";
import type { ArchiveWanted } from "./archive-file.ts";
import type { HistoryContext } from "./context.ts";
import { travels } from "./segments.ts";

/** A line of an export to be read; see `docs/sdk/history.md`. */
export type HistoryLine =
  | {
      readonly line: "export";
      readonly format: "treehouse-history";
      readonly version: 1;
      readonly address: string;
      readonly exportedAt: number;
    }
  | { readonly line: "conversation"; readonly id: RoomUri; readonly name: string }
  | ({ readonly line: "item" } & HistoryItem);

const pageRows = 200;

/** What was said, conversation by conversation, oldest first, as it stands now. */
export async function* exportLines(
  context: HistoryContext,
  { rooms, since = 0 }: ArchiveWanted,
): AsyncGenerator<HistoryLine, void, undefined> {
  const { env, self, store } = context;
  const at = env.now();
  const head = { line: "export", format: "treehouse-history", version: 1 } as const;
  yield { ...head, address: formatAddress(self), exportedAt: at };
  for (const { room, name } of await store.transaction((tx) => roomsIn(context, tx, rooms))) {
    yield { line: "conversation", id: room, name };
    let after = 0;
    for (;;) {
      const page = await store.transaction((tx) =>
        tx.messages.pageAfter(room, after, pageRows).map((row) => withChanges(tx, row)),
      );
      for (const row of page) {
        after = row.position;
        const isTold = row.kind === "content" || row.kind === "event";
        if (!isTold || row.acceptedAt < since || !travels(row, at)) continue;
        yield { line: "item", ...itemOf(row) };
      }
      if (page.length < pageRows) break;
    }
  }
}

function roomsIn(
  context: HistoryContext,
  tx: Parameters<HistoryContext["roomOf"]>[0],
  wanted: readonly RoomUri[] | undefined,
) {
  const known = [...tx.rooms.list(), ...tx.history.toldRooms()].map(({ room }) => room);
  return [...new Set(wanted ?? known)].map((room) => ({
    room,
    name: context.roomOf(tx, room)?.name ?? "",
  }));
}
