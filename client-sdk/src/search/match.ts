import { type Piece, piecesOf } from "./pieces.ts";
import { beginningMin, startsWithHangul } from "./terms.ts";

/** A word or a phrase that is looked for: pieces that stand side by side. */
export type TextTerm = {
  /** At least one. */
  readonly pieces: readonly Pick<Piece, "kind" | "text">[];
  /** The last word may go on. */
  readonly open: boolean;
  readonly negative: boolean;
};

/** Where something was found, in UTF-16 units. */
export type TextRange = { readonly start: number; readonly end: number };

/**
 * Where the terms stand in each text; undefined when one of them stands in none, or one that must not
 * does. This decides: an index only says where to look.
 */
export function findTerms(
  terms: readonly TextTerm[],
  texts: readonly string[],
): readonly (readonly TextRange[])[] | undefined {
  const pieces = texts.map(piecesOf);
  const found: TextRange[][] = texts.map(() => []);
  for (const term of terms) {
    const places = pieces.map((some) => placesOf(term, some));
    const isThere = places.some(({ length }) => length > 0);
    if (isThere === term.negative) return undefined;
    for (const [at, ranges] of places.entries()) found[at]?.push(...ranges);
  }
  return found.map(merged);
}

/** Whether a word of a text is the one looked for, or begins with it where it may go on. */
function isWord(word: string, wanted: string, open: boolean): boolean {
  if (word === wanted) return true;
  return mayGoOn(wanted, open) && word.startsWith(wanted);
}

/** Korean words may always go on: with particles they are the same word. */
export function mayGoOn(wanted: string, open: boolean): boolean {
  return (open || startsWithHangul(wanted)) && Array.from(wanted).length >= beginningMin(wanted);
}

function placesOf({ pieces: wanted, open }: TextTerm, pieces: readonly Piece[]): TextRange[] {
  const places: TextRange[] = [];
  const last = wanted.length - 1;
  for (let at = 0; at + last < pieces.length; at += 1) {
    const ranges = wanted.map((one, index) => {
      const piece = pieces[at + index];
      const edges = { first: index === 0, last: index === last };
      return piece === undefined ? undefined : rangeIn(piece, one, { ...edges, open });
    });
    const begin = ranges[0];
    const end = ranges[last];
    if (begin === undefined || end === undefined || ranges.includes(undefined)) continue;
    places.push({ start: begin.start, end: end.end });
  }
  return places;
}

type Edges = { readonly first: boolean; readonly last: boolean; readonly open: boolean };

function rangeIn(
  piece: Piece,
  wanted: Pick<Piece, "kind" | "text">,
  { first, last, open }: Edges,
): TextRange | undefined {
  if (piece.kind !== wanted.kind) return undefined;
  const { start, end, text } = piece;
  if (piece.kind === "word") {
    return isWord(text, wanted.text, open && last) ? { start, end } : undefined;
  }
  const at = placeInRun(text, wanted.text, { first, last });
  if (at === -1) return undefined;
  // Where folding has changed lengths, the run is shown whole.
  if (end - start !== text.length) return { start, end };
  return { start: start + at, end: start + at + wanted.text.length };
}

/** Beside another piece, a run is looked for at the edge that touches it. */
function placeInRun(run: string, wanted: string, { first, last }: Omit<Edges, "open">): number {
  if (first && last) return run.indexOf(wanted);
  if (first) return run.endsWith(wanted) ? run.length - wanted.length : -1;
  if (last) return run.startsWith(wanted) ? 0 : -1;
  return run === wanted ? 0 : -1;
}

/** In order; what touches or overlaps is one. */
function merged(ranges: readonly TextRange[]): readonly TextRange[] {
  const joined: TextRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const before = joined.at(-1);
    if (before === undefined || before.end < range.start) joined.push(range);
    else joined[joined.length - 1] = { ...before, end: Math.max(before.end, range.end) };
  }
  return joined;
}
