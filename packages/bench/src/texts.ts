const vocabulary = 30_000;
const syllables = [
  "ka",
  "to",
  "ren",
  "mi",
  "sul",
  "o",
  "ba",
  "tin",
  "e",
  "fro",
  "la",
  "gis",
] as const;

/**
 * Texts of words that are as frequent as words are: the second half as often as the first, the third a
 * third. The same seed gives the same texts.
 */
export function createTexts(seed: number): { text(words: number): string } {
  let state = seed;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const word = () => wordAt(Math.floor(vocabulary ** draw()) - 1);
  return { text: (words) => Array.from({ length: words }, word).join(" ") };
}

/** Frequent words are short. */
function wordAt(rank: number): string {
  let left = rank + 1;
  let text = "";
  while (left > 0) {
    text += syllables[left % syllables.length] ?? "";
    left = Math.floor(left / syllables.length);
  }
  return text;
}
