/** Beginnings of a word are looked for up to so many characters; what is longer is compared later. */
export const BEGINNING_MAX = 6;

/** The beginnings by which a word can be found, without the word itself. */
export function beginningsOf(word: string): readonly string[] {
  const characters = Array.from(word);
  const beginnings: string[] = [];
  const longest = Math.min(characters.length - 1, BEGINNING_MAX);
  for (let length = beginningMin(word); length <= longest; length += 1) {
    beginnings.push(characters.slice(0, length).join(""));
  }
  return beginnings;
}

/** One letter says nothing in an alphabet; a syllable of Hangul does. */
export function beginningMin(word: string): number {
  return startsWithHangul(word) ? 1 : 2;
}

/** Particles follow a Korean word without a blank: its beginning stands for it. */
export function startsWithHangul(word: string): boolean {
  return /^\p{scx=Hangul}/u.test(word);
}

/** Every character of a run, and every two that stand side by side. */
export function partsOfRun(run: string): readonly string[] {
  const characters = Array.from(run);
  return [...characters, ...pairsOf(characters)];
}

/** What every run that has this one in it has as a part, too. */
export function partsToFind(run: string): readonly string[] {
  const characters = Array.from(run);
  return characters.length === 1 ? characters : [...new Set(pairsOf(characters))];
}

function pairsOf(characters: readonly string[]): readonly string[] {
  return characters.slice(1).map((character, at) => `${characters[at] ?? ""}${character}`);
}
