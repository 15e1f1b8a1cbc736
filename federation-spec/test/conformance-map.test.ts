import { expect, test } from "vitest";
import { conformanceMap, namedRules, rules } from "../src/conformance-map.ts";
import { readPage } from "../src/page-tables.ts";
import { vectorFilesByRule } from "../src/vector-rules.ts";

test("the map of rules is not stale (`npm run map` in federation-spec writes it)", () => {
  expect(readPage("conformance-map.md")).toBe(conformanceMap());
});

test("the vectors show rules that there are", () => {
  const known = new Set(rules().map(({ rule }) => rule));
  expect([...vectorFilesByRule().keys()].filter((rule) => !known.has(rule))).toEqual([]);
});

test("nobody names a rule that there is not", () => {
  const known = new Set(rules().map(({ rule }) => rule));
  expect([...namedRules()].filter(([rule]) => !known.has(rule))).toEqual([]);
});
