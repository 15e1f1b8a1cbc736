import type { MessageRow, Messages } from "./messages.ts";
import type { IndexState, SearchIndex } from "./search-index.ts";
import type { Searchable } from "./search-terms.ts";

/** What can be found of messages; owned here, met by the messages layer. */
export type Describer = {
  /** Of a content as it stands after its changes; undefined: nothing. */
  describe(row: MessageRow, changes: readonly MessageRow[]): Searchable | undefined;
  /** Whether a change, by its body, may make it something else. */
  alters(body: Uint8Array): boolean;
};

type Place = Pick<MessageRow, "room" | "position">;

/**
 * The messages of the store, with the index kept in step: whoever writes a message, a change of one or an
 * end of one has the index changed in the same transaction, and nothing else ever changes it.
 */
export function indexed(messages: Messages, index: SearchIndex, describer: Describer): Messages {
  const describe = (row: MessageRow): Searchable | undefined =>
    describer.describe(row, messages.changesOf(row.room, row.messageId));

  const add = (row: MessageRow): void => {
    const searchable = describe(row);
    if (searchable !== undefined) index.put(row.serial, row.acceptedAt, searchable);
  };
  /** What a row says something about: a content itself, and what a change may make something else. */
  const contentOf = (row: Omit<MessageRow, "serial"> & { serial?: number }) => {
    if (row.kind === "content") return row.serial === undefined ? undefined : messages.at(row);
    if (row.kind !== "change" || row.target === undefined) return undefined;
    return describer.alters(row.body) ? messages.contentById(row.room, row.target) : undefined;
  };
  /** Runs what makes something else of contents, or ends them. What no slice has reached waits for it. */
  const changing = <T>(rows: readonly (MessageRow | undefined)[], write: () => T): T => {
    const known = new Map(
      rows.flatMap((row) =>
        row === undefined || !index.has(row.serial) ? [] : [[row.serial, describe(row)] as const],
      ),
    );
    const result = write();
    for (const [serial, before] of known) {
      if (before !== undefined) index.remove(serial, before);
      const after = messages.bySerial(serial);
      const { from, to } = index.backlog();
      const waits = serial > from && serial <= to;
      if (after?.kind === "content" && !waits) add(after);
    }
    return result;
  };
  return {
    ...messages,
    append(row, handled) {
      const replaced = row.toldBy === undefined ? messages.replacedBy(row) : [];
      const touched = [...replaced.map(contentOf), contentOf(row)];
      const isNew = changing(touched, () => messages.append(row, handled));
      const serial = isNew && row.kind === "content" ? messages.serialAt(row) : undefined;
      if (serial !== undefined) add({ ...row, serial });
      return isNew;
    },
    erase(place: Place, kind, body) {
      const row = messages.at(place);
      changing(row === undefined ? [] : [contentOf(row)], () => messages.erase(place, kind, body));
    },
  };
}

/**
 * Indexes the next of what was there before there was an index, at most `limit` messages; answers how far
 * it is then. Where it was stopped it goes on at the next opening.
 */
export function indexSlice(
  messages: Messages,
  index: SearchIndex,
  { describe }: Describer,
  limit: number,
): IndexState {
  const { from, to } = index.backlog();
  if (from >= to) return index.state();
  const rows = messages.contentsAfter(from, to, limit);
  const last = rows.at(-1)?.serial ?? to;
  const done = index.serialsWithin(from, last);
  const changed = messages.changedWithin(from, last);
  for (const row of rows.toSorted((a, b) => a.acceptedAt - b.acceptedAt)) {
    if (done.has(row.serial)) continue;
    const isChanged = changed.has(row.serial);
    const changes = isChanged ? messages.changesOf(row.room, row.messageId) : [];
    const searchable = describe(row, changes);
    if (searchable !== undefined) index.put(row.serial, row.acceptedAt, searchable);
  }
  index.advance(rows.length < limit ? to : last);
  return index.state();
}
