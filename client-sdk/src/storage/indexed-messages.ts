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
  /** Runs what makes something else of a content, or ends it. What no slice has reached waits for it. */
  const changing = <T>(content: MessageRow | undefined, write: () => T): T => {
    if (content === undefined || !index.has(content.serial)) return write();
    const before = describe(content);
    const result = write();
    if (before !== undefined) index.remove(content.serial, before);
    const after = messages.at(content);
    const waits = content.serial > index.backlog().from && content.serial <= index.backlog().to;
    if (after?.kind === "content" && !waits) add(after);
    return result;
  };
  const contentAt = (place: Place): MessageRow | undefined => {
    const row = messages.at(place);
    if (row?.kind === "content") return row;
    if (row?.kind !== "change" || row.target === undefined) return undefined;
    if (!describer.alters(row.body)) return undefined;
    return messages.contentById(row.room, row.target);
  };
  return {
    ...messages,
    append(row, handled) {
      if (row.kind === "change" && row.target !== undefined && describer.alters(row.body)) {
        const target = messages.contentById(row.room, row.target);
        return changing(target, () => messages.append(row, handled));
      }
      const isNew = messages.append(row, handled);
      const serial = isNew && row.kind === "content" ? messages.serialAt(row) : undefined;
      if (serial !== undefined) add({ ...row, serial });
      return isNew;
    },
    erase(place, kind, body) {
      changing(contentAt(place), () => messages.erase(place, kind, body));
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
  for (const row of rows.toSorted((a, b) => a.acceptedAt - b.acceptedAt)) {
    if (index.has(row.serial)) continue;
    const searchable = describe(row, messages.changesOf(row.room, row.messageId));
    if (searchable !== undefined) index.put(row.serial, row.acceptedAt, searchable);
  }
  index.advance(rows.length < limit ? to : (rows.at(-1)?.serial ?? to));
  return index.state();
}
