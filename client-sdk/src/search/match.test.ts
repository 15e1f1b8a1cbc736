import { expect, test } from "vitest";

import { findTerms, parseQuery, snippetOf } from "./index.ts";

const rangesIn = (query: string, text: string) =>
  findTerms(parseQuery(query, { now: 0, timeZone: "UTC" }).terms, [text])?.[0]?.map(
    ({ start, end }) => text.slice(start, end),
  );

test.each([
  ["Latin", "köln", "Am Kölner Dom, in KOLN", ["Kölner", "KOLN"]],
  ["Latin", "strasse ", "Die Straße", ["Straße"]],
  ["Turkish", "istanbul ", "İstanbul'da", ["İstanbul"]],
  ["Vietnamese", "tieng viet ", "Tiếng Việt", ["Tiếng", "Việt"]],
  ["Cyrillic", "привет ", "Приве́т, мир", ["Приве́т"]],
  ["Greek", "οδος ", "Η Οδός", ["Οδός"]],
  ["Hebrew", "שלום ", "שָׁלוֹם לכולם", ["שָׁלוֹם"]],
  ["Arabic", "مدرسه* ", "مَدْرَسَه", ["مَدْرَسَه"]],
  ["Devanagari", "हिन्दी ", "यह हिन्दी है", ["हिन्दी"]],
  ["Chinese", "预算", "请审核预算草案", ["预算"]],
  ["Japanese", "会議", "株主総会議事録", ["会議"]],
  ["Japanese", "カメラ", "ｶﾒﾗを買う", ["ｶﾒﾗ"]],
  ["Japanese", "ガス", "今日ｶﾞｽを", ["今日ｶﾞｽを"]],
  ["Thai", "ภาษา", "ฉันพูดภาษาไทย", ["ภาษา"]],
  ["Korean", "회의 ", "내일 회의를 합니다", ["회의를"]],
  ["emoji", "👍 ", "gut 👍🏽!", ["👍🏽"]],
  ["mixed", "iphone15ケース", "新しいiPhone15ケース", ["iPhone15ケース"]],
  ["a phrase", '"to be"', "be to; to be", ["to be"]],
])("R-123 %s: %s is found", (_script, query, text, expected) => {
  expect(rangesIn(query, text)).toEqual(expected);
});

test.each([
  ["a ", "an apple"],
  ["plan ", "planet"],
  ['"be to"', "to be, or to"],
  ["会議", "会社の議論"],
  ["हिन्द ", "हिन्दी"],
  ["-cake tea", "tea and cake"],
  ["p", "plan"],
])("R-123 %s is not found in %s", (query, text) => {
  expect(rangesIn(query, text)).toBeUndefined();
});

test("a snippet is a part of the text with ranges, and never half of a character", () => {
  const text = `${"😀".repeat(200)} needle ${"😀".repeat(200)}`;
  const at = text.indexOf("needle");
  const snippet = snippetOf(text, [{ start: at, end: at + 6 }]);
  const [range] = snippet.highlights;
  expect(snippet.text.slice(range?.start, range?.end)).toBe("needle");
  expect(snippet).toMatchObject({ cutBefore: true, cutAfter: true });
  expect(snippet.text.isWellFormed()).toBe(true);
  const short = snippetOf("tea", []);
  expect(short).toEqual({ text: "tea", highlights: [], cutBefore: false, cutAfter: false });
});
