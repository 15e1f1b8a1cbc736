import { type Clock, dayRange, instantOf, type Interval } from "./days.ts";
import type { TextTerm } from "./match.ts";
import { piecesOf } from "./pieces.ts";
import { QueryFault } from "./query-fault.ts";
import { type Item, itemsOf } from "./query-items.ts";

/** What a query asks for. Everything of it has to hold. */
export type SearchQuery = {
  readonly terms: readonly TextTerm[];
  /** Who, as written: any one of each group of positive ones. */
  readonly from: readonly Named[];
  readonly in: readonly Named[];
  readonly has: readonly Chosen<Having>[];
  readonly is: readonly Chosen<Being>[];
  readonly kind: readonly Chosen<string>[];
  /** Accepted at or after `since`, and before `until`, in milliseconds since the Unix epoch. */
  readonly since: number | undefined;
  readonly until: number | undefined;
};

export type Named = {
  readonly text: string;
  readonly negative: boolean;
  /** Where it stands in the query, for whoever cannot resolve it. */
  readonly position: number;
};
export type Chosen<T> = { readonly value: T; readonly negative: boolean };

export const HAVINGS = ["file", "image", "audio", "video", "link", "reaction"] as const;
export const BEINGS = [
  "unread",
  "mention",
  "edited",
  "reply",
  "thread",
  "mine",
  "pinned",
  "forwarded",
] as const;
export type Having = (typeof HAVINGS)[number];
export type Being = (typeof BEINGS)[number];

const itemsMax = 32;

/** Reads a query (docs/sdk/search.md has the grammar). Throws `QueryFault`. */
export function parseQuery(text: string, clock: Clock): SearchQuery {
  // Half of a character stands for nothing that could be in a message.
  const items = itemsOf(text.toWellFormed());
  if (items.length === 0) throw new QueryFault("empty", "a query needs something to look for", 0);
  if (items.length > itemsMax) {
    const position = items[itemsMax]?.position ?? 0;
    throw new QueryFault(
      "tooLong",
      `a query has at most ${itemsMax} words and conditions`,
      position,
    );
  }
  const names = (field: string): readonly Named[] =>
    items
      .filter((item) => item.field === field)
      .map(({ value, negative, valuePosition }) => ({
        text: value,
        negative,
        position: valuePosition,
      }));
  const chosen = <T extends string>(field: string, known: readonly T[]): readonly Chosen<T>[] =>
    items
      .filter((item) => item.field === field)
      .map((item) => ({ value: oneOf(item, known), negative: item.negative }));
  return {
    terms: items.filter(({ field }) => field === undefined).map(termOf),
    from: names("from"),
    in: names("in"),
    has: chosen("has", HAVINGS),
    is: chosen("is", BEINGS),
    kind: names("kind").map((one) => ({ value: one.text.toLowerCase(), negative: one.negative })),
    ...timesOf(items, clock),
  };
}

function termOf(item: Item): TextTerm {
  const pieces = piecesOf(item.value).map(({ kind, text }) => ({ kind, text }));
  if (pieces.length === 0) {
    const message = `"${item.value}" has no letters, digits or emojis to look for`;
    throw new QueryFault("nothingToFind", message, item.position);
  }
  return { pieces, open: item.open && !item.negative, negative: item.negative };
}

function oneOf<T extends string>({ field, value, valuePosition }: Item, known: readonly T[]): T {
  const found = known.find((one) => one === value.toLowerCase());
  if (found !== undefined) return found;
  const message = `${field ?? ""}: takes ${known.join(", ")}, and not "${value}"`;
  throw new QueryFault("unknownValue", message, valuePosition);
}

function timesOf(items: readonly Item[], clock: Clock): Pick<SearchQuery, "since" | "until"> {
  let since: number | undefined;
  let until: number | undefined;
  for (const item of items) {
    if (item.field !== "before" && item.field !== "after" && item.field !== "on") continue;
    if (item.negative) {
      const message = `-${item.field}: means nothing; turn it round`;
      throw new QueryFault("unknownValue", message, item.position);
    }
    const { start, end } = intervalOf(item, clock);
    if (item.field !== "before") since = Math.max(since ?? 0, item.field === "on" ? start : end);
    if (item.field !== "after") {
      until = Math.min(until ?? Number.MAX_SAFE_INTEGER, item.field === "on" ? end : start);
    }
  }
  return { since, until };
}

function intervalOf({ field, value, valuePosition }: Item, clock: Clock): Interval {
  const day = dayRange(value, clock);
  if (day !== undefined) return day;
  const instant = field === "on" ? undefined : instantOf(value, clock);
  if (instant !== undefined) return { start: instant, end: instant };
  const message = `"${value}" is no date such as 2026-01-31, 2026-01, today or 7d`;
  throw new QueryFault("badDate", message, valuePosition);
}
