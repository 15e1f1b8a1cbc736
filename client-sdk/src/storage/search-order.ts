import { integerOf, type SqlTx } from "./port.ts";

/** A place in the order of results. With `newest` the document says all. */
export type SearchPlace = {
  readonly document: number;
  readonly score: number;
  /** The documents that were ranked together are the newest ones before this one. */
  readonly before: number;
};

export type Candidate = SearchPlace & { readonly serial: number };

/** What is looked for, and where: documents from `since` on and before `until`. */
export type Looked = {
  readonly match: string;
  /** The same with words that are not in the making. */
  readonly whole: string;
  readonly since: number;
  readonly until: number;
  readonly after: SearchPlace | undefined;
  readonly limit: number;
};

/** So many are ranked together: whoever looks for a word that all say means one said lately. */
const rankedAtOnce = 1_000;
/** A message that only begins so stands behind all that say the words themselves. */
const begun = 2 ** 20;
/** Less than any score. */
const first = -1;

export function newest(sql: SqlTx, looked: Looked): readonly Candidate[] {
  const { since, until, after, limit } = looked;
  const before = Math.min(until, after?.document ?? until);
  return newestBefore(sql, looked.match, { since, before, limit }).map(({ document, serial }) => ({
    document,
    serial,
    score: 0,
    before: 0,
  }));
}

/**
 * Of the newest thousand those that say the words whole before those that only begin with them, short
 * ones before long ones, and new ones before old ones; then of the next thousand. All terms of a query
 * must be there, so that rare ones need no weight; and no message has to be looked at but these.
 */
export function best(sql: SqlTx, looked: Looked): readonly Candidate[] {
  const { match, whole, since, until, after, limit } = looked;
  const found: Candidate[] = [];
  let before = Math.min(until, after?.before ?? until);
  let behind = after;
  for (;;) {
    const together = newestBefore(sql, match, { since, before, limit: rankedAtOnce });
    const lowest = together.at(-1)?.document ?? since;
    // Not the end of time: what comes in while somebody pages belongs to no page any more.
    before = (together[0]?.document ?? since) + 1;
    const isWhole = match === whole ? undefined : within(sql, whole, { since: lowest, before });
    const ranked = together
      .map(({ document, serial, length }) => {
        const score = Math.min(length, begun - 1) + (isWhole?.has(document) === false ? begun : 0);
        return { document, serial, score, before };
      })
      .filter((one) => behind === undefined || compare(behind, one) < 0)
      .toSorted(compare);
    found.push(...ranked.slice(0, limit - found.length));
    if (found.length === limit || together.length < rankedAtOnce) return found;
    before = lowest;
    behind = undefined;
  }
}

/** Before everything of that document and before it, newest first; before everything, best first. */
export function placeAbove(document: number, end: number): SearchPlace {
  return { document, score: first, before: end };
}

function compare(a: SearchPlace, b: SearchPlace): number {
  return a.score - b.score || b.document - a.document;
}

type Span = { readonly since: number; readonly before: number };

function newestBefore(
  sql: SqlTx,
  match: string,
  { since, before, limit }: Span & { readonly limit: number },
) {
  const rows = sql.all(
    `SELECT document, serial, length FROM search
     CROSS JOIN search_documents ON document = search.rowid
     WHERE search MATCH ? AND search.rowid >= ? AND search.rowid < ?
     ORDER BY search.rowid DESC LIMIT ?`,
    match,
    since,
    before,
    limit,
  );
  return rows.map((row) => ({
    document: integerOf(row, "document"),
    serial: integerOf(row, "serial"),
    length: integerOf(row, "length"),
  }));
}

function within(sql: SqlTx, match: string, { since, before }: Span): ReadonlySet<number> {
  const rows = sql.all(
    "SELECT rowid AS document FROM search WHERE search MATCH ? AND rowid >= ? AND rowid < ?",
    match,
    since,
    before,
  );
  return new Set(rows.map((row) => integerOf(row, "document")));
}
