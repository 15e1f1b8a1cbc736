import type { TextTerm } from "../search/index.ts";
import { integerOf, type SqlTx } from "./port.ts";
import { best, type Candidate, newest, placeAbove, type SearchPlace } from "./search-order.ts";
import type { FacetGroup, HashedTerms, Searchable, TermHasher } from "./search-terms.ts";

/** Where a search looks. */
export type SearchPage = {
  readonly terms: readonly TextTerm[];
  readonly facets: readonly FacetGroup[];
  /** Accepted at or after `since` and before `until`. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly order: "newest" | "best";
  /** Only what stands behind it. */
  readonly after: SearchPlace | undefined;
  readonly limit: number;
};

/** How much of what was there before there was an index is in it. */
export type IndexState = { readonly done: number; readonly total: number };

/**
 * The full-text index, with nothing in it that could be read without the store's key. What it finds are
 * candidates, in order: whoever asks compares them with the query.
 */
export interface SearchRows {
  find(page: SearchPage): readonly Candidate[];
  state(): IndexState;
  /** A place behind which stands everything of that time and before; best first, simply everything. */
  placeBefore(acceptedAt: number): SearchPlace;
}

export interface SearchIndex extends SearchRows {
  put(serial: number, acceptedAt: number, searchable: Searchable): void;
  /** `before` is what was put. */
  remove(serial: number, before: Searchable): void;
  has(serial: number): boolean;
  /** Those between two that are in it, the first exclusive. */
  serialsWithin(after: number, upTo: number): ReadonlySet<number>;
  /** The serials up to which the slices have come, and have to come. */
  backlog(): Backlog;
  advance(from: number): void;
  /** Empties the index; slices fill it again. */
  forgetAll(): void;
}

export type Backlog = { readonly from: number; readonly to: number };

/** Documents are numbered by time, so many at the same millisecond. */
const perMillisecond = 2 ** 11;
const latest = 2 ** 42 - 1;

export function createSearchIndex(sql: SqlTx, hasher: TermHasher): SearchIndex {
  const backlog = (): Backlog => {
    const row = sql.all("SELECT from_serial, to_serial FROM search_backlog")[0];
    if (row === undefined) return { from: 0, to: 0 };
    return { from: integerOf(row, "from_serial"), to: integerOf(row, "to_serial") };
  };
  /** The next free number of a millisecond; of the one after where that is full. */
  const numberFor = (acceptedAt: number): number => {
    for (let at = Math.max(0, Math.min(acceptedAt, latest)); ; at += 1) {
      const [first, end] = [at * perMillisecond, (at + 1) * perMillisecond];
      const [last] = sql.all(
        `SELECT document FROM search_documents WHERE document >= ? AND document < ?
         ORDER BY document DESC LIMIT 1`,
        first,
        end,
      );
      const free = last === undefined ? first : integerOf(last, "document") + 1;
      if (free < end) return free;
    }
  };
  return {
    find({ terms, facets, since, until, order, after, limit }) {
      const looked = {
        match: hasher.match(terms, facets),
        whole: hasher.match(terms.map(closed), facets),
        since: documentAt(since ?? 0),
        until: documentAt(until ?? latest),
        after,
        limit,
      };
      return order === "newest" ? newest(sql, looked) : best(sql, looked);
    },
    state() {
      const { from, to } = backlog();
      if (from >= to) return { done: 1, total: 1 };
      return { done: from, total: to };
    },
    placeBefore: (acceptedAt) => placeAbove(documentAt(acceptedAt + 1), documentAt(latest)),
    backlog,
    forgetAll: () => forgetAll(sql),
    advance: (from) => void sql.run("UPDATE search_backlog SET from_serial = ?", from),
    serialsWithin(after, upTo) {
      const rows = sql.all(
        "SELECT serial FROM search_documents WHERE serial > ? AND serial <= ?",
        after,
        upTo,
      );
      return new Set(rows.map((row) => integerOf(row, "serial")));
    },
    has: (serial) => documentOf(sql, serial) !== undefined,
    put(serial, acceptedAt, searchable) {
      const hashed = hasher.hashed(searchable);
      const document = numberFor(acceptedAt);
      // A statement of several parts would have FTS5 write out what it gathers for the transaction.
      sql.run(
        "INSERT INTO search_documents (document, serial, fingerprint, length) VALUES (?, ?, ?, ?)",
        document,
        serial,
        fingerprintOf(hashed),
        hashed.length,
      );
      sql.run(
        "INSERT INTO search (rowid, words, parts, facets) VALUES (?, ?, ?, ?)",
        document,
        hashed.words,
        hashed.parts,
        hashed.facets,
      );
    },
    remove(serial, before) {
      const row = documentOf(sql, serial);
      if (row === undefined) return;
      const hashed = hasher.hashed(before);
      if (integerOf(row, "fingerprint") !== fingerprintOf(hashed)) {
        forgetAll(sql);
        return;
      }
      const document = integerOf(row, "document");
      sql.run("DELETE FROM search_documents WHERE document = ?", document);
      sql.run(
        "INSERT INTO search (search, rowid, words, parts, facets) VALUES ('delete', ?, ?, ?, ?)",
        document,
        hashed.words,
        hashed.parts,
        hashed.facets,
      );
    },
  };
}

/**
 * An entry can only be taken out with the very terms that it was put in with. After an update of the
 * platform's dictionaries they may be others: then the index goes as a whole, with what had to go, and
 * is made anew in slices.
 */
function forgetAll(sql: SqlTx): void {
  sql.run("INSERT INTO search (search) VALUES ('delete-all')");
  sql.run("DELETE FROM search_documents");
  sql.run(
    `UPDATE search_backlog SET from_serial = 0,
       to_serial = (SELECT coalesce(max(serial), 0) FROM messages)`,
  );
}

function documentOf(sql: SqlTx, serial: number) {
  return sql.all("SELECT document, fingerprint FROM search_documents WHERE serial = ?", serial)[0];
}

/** With its last word as it stands. */
function closed(term: TextTerm): TextTerm {
  return { ...term, open: false };
}

function documentAt(at: number): number {
  return Math.max(0, Math.min(at, latest)) * perMillisecond;
}

/** 52 bits of the hashed terms; what they say is hashed under the store's key already. */
function fingerprintOf({ words, parts, facets }: HashedTerms): number {
  let [high, low] = [0x9e_37_79_b9, 0x85_eb_ca_6b];
  const text = `${words}|${parts}|${facets}`;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x9e_37_79_b1);
    low = Math.imul(low ^ unit, 0x5f_35_64_95);
  }
  high ^= high >>> 15;
  low ^= low >>> 13;
  return (high >>> 0) * 2 ** 20 + ((low >>> 0) & 0xf_ff_ff);
}
