import {
  fromBase64Url,
  Refusal,
  type RoomUri,
  toBase64Url,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import { notesOf } from "../../account/index.ts";
import { type HistoryRow, isHidden, withChanges } from "../../groups/index.ts";
import { facetOf, type Message, searchableOf } from "../../messages/index.ts";
import {
  type Being,
  findTerms,
  parseQuery,
  QueryFault,
  type SearchQuery,
  type Snippet,
  snippetOf,
} from "../../search/index.ts";
import type { FacetGroup, IndexState, LocalTx, SearchPlace } from "../../storage/index.ts";
import { isTimeZone, ownTimeZone } from "../../zone/index.ts";
import type { ConversationParts } from "../conversation/index.ts";
import { guarded } from "../guarded.ts";
import { sliceMessages } from "./indexing.ts";
import { peopleNamed, roomsNamed } from "./search-names.ts";

export type SearchOptions = {
  /** `newest` first, or the `best`: of the newest that fit, those that say little else. */
  readonly order?: "newest" | "best" | undefined;
  /** At most so many hits, 20 by default and at most 100. */
  readonly limit?: number | undefined;
  /** Of the page before, with the same query and order. */
  readonly cursor?: string | undefined;
  /** First indexes what is not in the index yet, however long that takes; otherwise `index` tells. */
  readonly complete?: boolean | undefined;
  /** The zone whose days dates are, as `Europe/Rome`; by default the platform's. */
  readonly timeZone?: string | undefined;
};

export type SearchHit = {
  readonly message: Message;
  /** Of the text, or of the file name or whatever else was found. */
  readonly snippet: Snippet;
  /** Goes on behind this hit. */
  readonly cursor: string;
};

export type SearchResult = {
  readonly hits: readonly SearchHit[];
  /**
   * For the next page; undefined: there is none. A page may have fewer hits than asked for, and even
   * none, and still another one behind it.
   */
  readonly cursor: string | undefined;
  /**
   * How many messages from before there was an index are in it, of how many. Until both are the same,
   * some may not be found yet.
   */
  readonly index: IndexState;
};

const limitDefault = 20;
const limitMax = 100;
/** So many candidates are compared for one page. */
const comparedMax = 2_000;

/** Searches what the store holds, in one conversation or in all. Nothing leaves the client. */
export function search(
  parts: ConversationParts,
  text: string,
  options: SearchOptions = {},
  only?: RoomUri,
): Promise<SearchResult> {
  return guarded(async () => {
    const { order = "newest", limit = limitDefault, timeZone = ownTimeZone() } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > limitMax) {
      throw new Refusal("malformed", `a page has 1 to ${limitMax} hits`);
    }
    if (!isTimeZone(timeZone)) throw new Refusal("malformed", `no time zone is "${timeZone}"`);
    const query = parseQuery(text, { now: parts.chosen.now(), timeZone });
    const facets = await facetsOf(parts, query, only);
    const hidden = await roomsOfBlocked(parts);
    const page = { ...query, facets, order };
    const hits: SearchHit[] = [];
    if (options.complete === true) await finishIndex(parts);
    let after = options.cursor === undefined ? undefined : readCursor(options.cursor, order);
    if (after === undefined)
      hits.push(...(await unechoedHits(parts, { query, facets, order, hidden })));
    if (hits.length >= limit) {
      const index = await parts.store.transaction((tx) => tx.search.state());
      return { hits: hits.slice(0, limit), cursor: hits[limit - 1]?.cursor, index };
    }
    for (let compared = 0; ;) {
      const size = Math.max(50, 2 * limit);
      const { looked, index } = await parts.store.transaction((tx) => ({
        looked: tx.search
          .find({ ...page, after, limit: size })
          .map((place) => ({ place, hit: hitAt(tx, parts, { query, hidden, place }) })),
        index: tx.search.state(),
      }));
      for (const { place, hit } of looked) {
        after = place;
        const cursor = cursorOf(place, order);
        if (hit !== undefined && !isKnown(hits, hit)) hits.push({ ...hit, cursor });
        if (hits.length === limit) return { hits, cursor, index };
      }
      compared += looked.length;
      const isEnd = looked.length < size;
      if (after === undefined || isEnd) return { hits, cursor: undefined, index };
      if (compared >= comparedMax) return { hits, cursor: cursorOf(after, order), index };
    }
  });
}

/** Its echo may have come between two looks. */
function isKnown(hits: readonly SearchHit[], { message }: Pick<SearchHit, "message">): boolean {
  return hits.some((one) => one.message.id === message.id);
}

async function finishIndex({ store }: ConversationParts): Promise<void> {
  for (;;) {
    const { done, total } = await store.transaction((tx) => tx.search.indexSlice(sliceMessages));
    if (done >= total) return;
  }
}

/**
 * What was sent lately may be accepted and not in the index yet: whether its echo came before the client
 * went is left to chance. It stands before everything else.
 */
async function unechoedHits(
  parts: ConversationParts,
  looked: {
    readonly query: SearchQuery;
    readonly facets: readonly FacetGroup[];
    readonly order: "newest" | "best";
    readonly hidden: ReadonlySet<RoomUri>;
  },
): Promise<readonly SearchHit[]> {
  const { query, facets, order, hidden } = looked;
  const { since = 0, until = Number.MAX_SAFE_INTEGER } = query;
  const rows = (await parts.groups.unechoed())
    .filter(({ acceptedAt }) => acceptedAt >= since && acceptedAt < until)
    .toSorted((a, b) => b.acceptedAt - a.acceptedAt);
  return parts.store.transaction((tx) =>
    rows.flatMap((row) => {
      const known = new Set(searchableOf(row).searchable.facets);
      const fits = facets.every(
        ({ anyOf, negative }) => anyOf.some((one) => known.has(one)) !== negative,
      );
      const hit = fits ? hitOf(tx, parts, { query, hidden, row }) : undefined;
      if (hit === undefined) return [];
      const place = tx.search.placeBefore(row.acceptedAt);
      return [{ ...hit, cursor: cursorOf(place, order) }];
    }),
  );
}

/** The message at a place, if it is what the query means. */
function hitAt(
  tx: LocalTx,
  parts: ConversationParts,
  looked: {
    readonly query: SearchQuery;
    readonly hidden: ReadonlySet<RoomUri>;
    readonly place: SearchPlace & { readonly serial: number };
  },
): Omit<SearchHit, "cursor"> | undefined {
  const { place, ...rest } = looked;
  const row = tx.messages.bySerial(place.serial);
  if (row?.kind !== "content") return undefined;
  return hitOf(tx, parts, { ...rest, row: withChanges(tx, row) });
}

function hitOf(
  tx: LocalTx,
  { session }: ConversationParts,
  looked: {
    readonly query: SearchQuery;
    readonly hidden: ReadonlySet<RoomUri>;
    readonly row: HistoryRow;
  },
): Omit<SearchHit, "cursor"> | undefined {
  const { query, hidden, row } = looked;
  if (hidden.has(row.room) || isHidden(tx, row.room)) return undefined;
  const { message, searchable } = searchableOf(row);
  const holds = (being: Being) => isSo(tx, being, { row, message, self: session.user });
  if (query.is.some(({ value, negative }) => holds(value) === negative)) return undefined;
  const reactions = query.has.filter(({ value }) => value === "reaction");
  if (reactions.some(({ negative }) => message.reactions.length > 0 === negative)) return undefined;
  const ranges = findTerms(query.terms, searchable.texts);
  if (ranges === undefined) return undefined;
  // Where most of it stands; of the text and something else that say as much, the text.
  const most = Math.max(...ranges.map(({ length }) => length), 0);
  const at = Math.max(
    0,
    ranges.findIndex(({ length }) => length === most),
  );
  return { message, snippet: snippetOf(searchable.texts[at] ?? "", ranges[at] ?? []) };
}

function isSo(
  tx: LocalTx,
  being: Being,
  { row, message, self }: { row: HistoryRow; message: Message; self: UserUri },
): boolean {
  switch (being) {
    case "unread":
      return (row.counts ?? 0) > 0 && row.position > notesOf(tx, row.room).readPosition;
    case "mention":
      return row.counts === 2;
    case "edited":
      return message.editedAt !== undefined;
    case "reply":
      return message.inReplyTo !== undefined;
    case "thread":
      return message.topic !== undefined;
    case "pinned":
      return message.pinned;
    case "forwarded":
      return message.forwarded !== undefined;
    case "mine":
      return message.sender === self;
  }
}

async function facetsOf(
  parts: ConversationParts,
  query: SearchQuery,
  only: RoomUri | undefined,
): Promise<readonly FacetGroup[]> {
  const people = await peopleNamed(parts, query.from);
  const rooms = await roomsNamed(parts, query.in);
  const alike = <T>(
    values: readonly { readonly value: T; readonly negative: boolean }[],
    facet: (value: T) => string,
  ): readonly FacetGroup[] =>
    values.map(({ value, negative }) => ({ anyOf: [facet(value)], negative }));
  return [
    ...groupsOf(people, facetOf.from),
    ...groupsOf(rooms, facetOf.room),
    ...(only === undefined ? [] : [{ anyOf: [facetOf.room(only)], negative: false }]),
    ...alike(
      query.has.filter(({ value }) => value !== "reaction"),
      facetOf.has,
    ),
    ...groupsOf(
      query.kind.map(({ value, negative }) => ({ found: [value], negative })),
      facetOf.kind,
    ),
  ];
}

/** Any one of what is wanted, and none of what is not. */
function groupsOf<T>(
  named: readonly { readonly found: readonly T[]; readonly negative: boolean }[],
  facet: (value: T) => string,
): readonly FacetGroup[] {
  return [false, true].flatMap((negative) => {
    const anyOf = named
      .filter((one) => one.negative === negative)
      .flatMap((one) => one.found.map(facet));
    return anyOf.length === 0 ? [] : [{ anyOf, negative }];
  });
}

/** Conversations with somebody who is blocked alone: they are not listed either. */
async function roomsOfBlocked({ groups, store }: ConversationParts): Promise<ReadonlySet<RoomUri>> {
  const blocked = await store.transaction((tx) =>
    tx.relations.list().filter(({ state }) => state === "blocked"),
  );
  if (blocked.length === 0) return new Set();
  const users = new Set(blocked.map(({ user }) => user));
  const direct = await groups.directRooms();
  return new Set(direct.filter(({ peer }) => users.has(peer)).map(({ room }) => room));
}

const cursorSchema = z.tuple([
  z.enum(["newest", "best"]),
  z.int().nonnegative(),
  z.int(),
  z.int().nonnegative(),
]);

function cursorOf({ document, score, before }: SearchPlace, order: "newest" | "best"): string {
  return toBase64Url(utf8Encode(JSON.stringify([order, document, score, before])));
}

function readCursor(cursor: string, order: "newest" | "best"): SearchPlace {
  const fault = () => new QueryFault("cursorInvalid", "the cursor is of no page of this search", 0);
  try {
    const read = cursorSchema.safeParse(JSON.parse(utf8Decode(fromBase64Url(cursor)))).data;
    if (read === undefined || read[0] !== order) throw fault();
    const [, document, score, before] = read;
    return { document, score, before };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) throw fault();
    throw error;
  }
}
