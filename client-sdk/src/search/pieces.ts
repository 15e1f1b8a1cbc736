import { fold, isAscii } from "./fold.ts";

/**
 * A stretch of text that is compared as one. `word`: a word, a number or an emoji, between blanks or
 * signs. `run`: a stretch of a script that puts no blanks between words (Han, kana, Thai, Lao, Khmer,
 * Burmese), in which any part can be looked for.
 */
export type Piece = {
  readonly kind: "word" | "run";
  /** As it is compared. */
  readonly text: string;
  /** Where it stands, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
};

/** The pieces of a text, in order; what is no letter, number or emoji only stands between them. */
export function piecesOf(text: string): readonly Piece[] {
  const pieces: Piece[] = [];
  const ascii = isAscii(text);
  for (const match of text.matchAll(ascii ? asciiWord : anyPiece)) {
    const [found] = match;
    const folded = fold(found);
    if (folded === "") continue;
    const kind = !ascii && match[1] !== undefined ? "run" : "word";
    const start = match.index;
    pieces.push({ kind, text: folded, start, end: start + found.length });
  }
  return pieces;
}

const unspaced = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((script) => String.raw`\p{scx=${script}}`)
  .join("");
const letter = String.raw`\p{L}\p{N}\p{M}`;
const asciiWord = /[a-zA-Z0-9]+/g;
const anyPiece = new RegExp(
  String.raw`([[${letter}]&&[${unspaced}]]+)` +
    String.raw`|[[${letter}\u00ad\u200c\u200d]--[${unspaced}]]+` +
    String.raw`|\p{RGI_Emoji}|\p{Extended_Pictographic}`,
  "gv",
);

const segmenter = new Intl.Segmenter("und", { granularity: "word" });

/** The words of a run, as a dictionary divides it: what a result is ranked by, and not found by. */
export function wordsOfRun(run: string): readonly string[] {
  const words: string[] = [];
  for (const { segment, isWordLike } of segmenter.segment(run)) {
    if (isWordLike === true) words.push(segment);
  }
  return words;
}
