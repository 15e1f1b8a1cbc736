import { expect, test } from "vitest";
import { conformanceMap, namedRules, rows, rules } from "../src/conformance-map.ts";
import { readPage } from "../src/page-tables.ts";
import { titlesIn } from "../src/test-titles.ts";
import { vectorFilesByRule } from "../src/vector-rules.ts";

test("the map of rules is not stale (`npm run map` in federation-spec writes it)", () => {
  expect(readPage("conformance-map.md")).toBe(conformanceMap());
});

test("each rule is proved by a test, by the suite or by vectors", () => {
  const proved = (found: readonly string[]) => found.length > 0;
  const open = rows().filter((row) => ![row.tests, row.suite, row.vectors].some(proved));
  expect(open.map(({ rule }) => rule)).toEqual([]);
});

test("titles of tests that are skipped prove nothing", () => {
  const text = ['test("one", f);', 'it.skip("two", f);', 'test.todo("three");'];
  expect(titlesIn([...text, "describe.each(all)(`four`, f);"].join("\n"))).toEqual(["one", "four"]);
});

test("the vectors show rules that there are", () => {
  const known = new Set(rules().map(({ rule }) => rule));
  expect([...vectorFilesByRule().keys()].filter((rule) => !known.has(rule))).toEqual([]);
});

test("nobody names a rule that there is not", () => {
  const known = new Set(rules().map(({ rule }) => rule));
  expect([...namedRules()].filter(([rule]) => !known.has(rule))).toEqual([]);
});
