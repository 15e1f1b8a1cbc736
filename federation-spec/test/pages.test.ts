import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LABELS, LIMITS, RATE_LIMITS, refusalTable } from "@treehouse/protocol";
import { pagesWithTables, readPage as page } from "../src/page-tables.ts";

const folder = new URL("../", import.meta.url);
const pages = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.md$/.test(name))
  .sort();

/** The cells of a page's table rows, without the padding that the formatter adds. */
function rowsOf(name: string): readonly (readonly string[])[] {
  return page(name)
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

test("FED-501 FED-601 the tables of errors and limits are the code's (`npm run vectors` writes them)", () => {
  for (const [name, text] of pagesWithTables()) expect(page(name)).toBe(text);
  const told = [...rowsOf("05-errors.md"), ...rowsOf("06-limits.md")].map(([name]) => name);
  const names = [refusalTable, LIMITS, RATE_LIMITS].flatMap((table) => Object.keys(table));
  expect(told).toEqual(names.map((name) => `\`${name}\``));
  expect(rowsOf("06-limits.md").filter((cells) => cells.includes(""))).toEqual([]);
});

test("every label for a signature or a hash stands in the table of labels", () => {
  const told = rowsOf("01-encoding.md").map(([label]) => label);
  const labels = Object.values(LABELS).filter((label) => /(TBS|Hash)$/.test(label));
  expect(told).toEqual(expect.arrayContaining(labels.map((label) => `\`${label}\``)));
});

test("no rule has the number of another, and each stands on the page of its number", () => {
  const rules = pages.flatMap((name) =>
    [...page(name).matchAll(/\*\*FED-(\d)(\d\d)\*\*/g)].map(([rule, first]) => ({
      rule,
      isAtHome: name.startsWith(`0${first}`),
    })),
  );
  expect(rules.length).toBeGreaterThan(60);
  expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
  expect(rules.filter(({ isAtHome }) => !isAtHome)).toEqual([]);
});

test("the list of pages in the README is complete", () => {
  const readme = page("README.md");
  expect(pages.filter((name) => !readme.includes(`](${name})`))).toEqual([]);
});
