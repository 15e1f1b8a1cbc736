/**
 * Text as it is compared: without case, without what only marks a letter in scripts where people leave
 * that out (accents, points of Hebrew, vowels of Arabic), and in one form where Unicode has several.
 * Marks that are letters of their own, as in Devanagari and Thai, stay.
 */
export function fold(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  const decomposed = withBriefRuns(text).normalize("NFKD");
  return withBriefRuns(decomposed.replaceAll(ignored, ""))
    .normalize("NFC")
    .toLowerCase()
    .replaceAll(/[ßıłøđðþæœς]/g, (letter) => written[letter] ?? letter);
}

export function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/.test(text);
}

/**
 * Normalizing sorts each run of marks, in time that is the square of its length. No language has
 * thirty of them, the bound of the Stream-Safe Text Format (UAX #15, section 13); what is beyond goes.
 * The sound marks of halfwidth kana are letters, and decompose to marks.
 */
function withBriefRuns(text: string): string {
  return text.replaceAll(/([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu, "$1");
}

/** Combining marks of Latin, Greek, Cyrillic, Hebrew and Arabic, joiners, and skin tones of emojis. */
const ignored = new RegExp(
  String.raw`[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]` +
    String.raw`|[\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u200c\u200d\ufe0e\ufe0f]` +
    String.raw`|[\u{1f3fb}-\u{1f3ff}]`,
  "gu",
);

/** Letters without a decomposition that people write in another way on other keyboards. */
const written: Readonly<Record<string, string>> = {
  ß: "ss",
  ı: "i",
  ł: "l",
  ø: "o",
  đ: "d",
  ð: "d",
  þ: "th",
  æ: "ae",
  œ: "oe",
  ς: "σ",
};
