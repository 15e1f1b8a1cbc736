import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LABELS, LIMITS, RATE_LIMITS, refusalTable } from "@treehouse/protocol";

const folder = new URL("../", import.meta.url);
const page = (name: string) => readFileSync(new URL(name, folder), "utf8");
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

test("the table of errors is the code's", () => {
  const expected = Object.entries(refusalTable).map(([code, { status, title, advice }]) => [
    `\`${code}\``,
    String(status),
    title,
    advice,
  ]);
  expect(rowsOf("05-errors.md")).toEqual(expected);
});

test("the tables of limits and rates are the code's", () => {
  const limits = Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, String(value)]);
  const rates = Object.entries(RATE_LIMITS).map(([name, { count, perMs }]) => [
    `\`${name}\``,
    `${count} per ${perMs} ms`,
  ]);
  const rows = rowsOf("06-limits.md").map((cells) => cells.slice(0, 2));
  expect(rows).toEqual([...limits, ...rates]);
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
