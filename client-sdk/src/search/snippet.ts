import type { TextRange } from "./match.ts";

/** A part of a text that shows why it was found: text and ranges, never markup. */
export type Snippet = {
  readonly text: string;
  /** What was looked for, in UTF-16 units of `text`. */
  readonly highlights: readonly TextRange[];
  /** Something stands before it, or behind it. */
  readonly cutBefore: boolean;
  readonly cutAfter: boolean;
};

/** So much of a text is shown, in UTF-16 units. */
const shown = 160;
/** What stands before the first place that was found. */
const lead = 40;

export function snippetOf(text: string, found: readonly TextRange[]): Snippet {
  const first = found[0]?.start ?? 0;
  const room = Math.max(0, text.length - shown);
  const begin = Math.min(Math.max(0, first - lead), room);
  const start = begin === 0 ? 0 : edgeAfter(text, begin, first);
  const end = edgeBefore(text, Math.min(text.length, start + shown));
  const highlights = found
    .filter((range) => range.start < end && range.end > start)
    .map((range) => ({
      start: Math.max(range.start, start) - start,
      end: Math.min(range.end, end) - start,
    }));
  const cut = { cutBefore: start > 0, cutAfter: end < text.length };
  return { text: text.slice(start, end), highlights, ...cut };
}

/** Behind the next blank, if there is one before what was found; never inside of a character. */
function edgeAfter(text: string, begin: number, first: number): number {
  const blank = text.slice(begin, first).search(/\s/u);
  return blank === -1 ? edgeBefore(text, begin) : begin + blank + 1;
}

function edgeBefore(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text.charAt(at)) ? at - 1 : at;
}
