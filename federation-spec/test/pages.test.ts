import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { LABELS, LIMITS, RATE_LIMITS, refusalTable } from "@treehouse/protocol";
import { loadVectors, vectorFileNames } from "../src/load-vectors.ts";
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

test("FED-130 every label stands in the table, or among those that servers and clients have alone", () => {
  const text = page("01-encoding.md").split("## 1.5 Labels")[1] ?? "";
  const inTable = [...text.matchAll(/^\| `([^`]+)`/gm)].map(([, label = ""]) => label);
  const own = /^What clients and servers keep .*$/m.exec(text)?.[0].match(/(?<=`)\w+(?=`)/g) ?? [];
  expect([...inTable, ...own].toSorted()).toEqual(Object.values(LABELS).toSorted());
});

test("every field and every word in a vector's value stands on a page", () => {
  const text = pages.map(page).join("\n");
  const names = loadVectors().flatMap(({ vectors }) =>
    vectors.flatMap(({ value }) => [...wordsOf(value)]),
  );
  expect(names.length).toBeGreaterThan(1000);
  expect([...new Set(names)].filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
});

/** Names of fields, and what a field holds that is one word; `name` is free text. */
function* wordsOf(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, one] of Object.entries(value)) {
    if (!Array.isArray(value)) yield name;
    if (typeof one !== "string") yield* wordsOf(one);
    else if (name !== "name" && /^[a-z]{1,30}$/i.test(one) && !/^[0-9a-f]+$/.test(one)) yield one;
  }
}

test("no rule has the number of another, and each stands on the page of its number", () => {
  const rules = pages.flatMap((name) =>
    [...page(name).matchAll(/\*\*FED-(\d{3,4})\*\*/g)].map(([rule, number]) => ({
      rule,
      isAtHome: name.startsWith(pageOf(Number(number))),
    })),
  );
  expect(rules.length).toBeGreaterThan(60);
  expect(new Set(rules.map(({ rule }) => rule)).size).toBe(rules.length);
  expect(rules.filter(({ isAtHome }) => !isAtHome)).toEqual([]);
});

/**
 * A hundred numbers a page, the nine hundreds by twenties from page 9 on, 14 from 850 and 16 from 880
 * on; from 1000 on 15, from 1060 on 17, and from 1080 on by twenties from page 18 on.
 */
function pageOf(number: number): string {
  if (number >= 1080) return String(18 + Math.floor((number - 1080) / 20));
  if (number >= 1000) return number < 1060 ? "15" : "17";
  if (number >= 850 && number < 900) {
    if (number >= 870 && number < 880) return "08";
    return number < 880 ? "14" : "16";
  }
  const at = number < 900 ? Math.floor(number / 100) : 9 + Math.floor((number - 900) / 20);
  return String(at).padStart(2, "0");
}

test("the rules of a page are in the order of their numbers", () => {
  for (const name of pages) {
    const rules = [...page(name).matchAll(/\*\*FED-(\d{3,4})\*\*/g)].map(([, number]) =>
      Number(number),
    );
    expect(rules).toEqual(rules.toSorted((left, right) => left - right));
  }
});

test("what a page says of a rule elsewhere has a rule there", () => {
  const all = [...pages, "README.md", "threat-model.md"].map(page).join("\n");
  const cited = new Set(all.match(/FED-\d{3,4}\b/g));
  const stated = new Set(all.match(/(?<=\*\*)FED-\d{3,4}(?=\*\*)/g));
  expect([...cited].filter((rule) => !stated.has(rule))).toEqual([]);
});

test("the README says of every file of vectors what it holds", () => {
  const cells = rowsOf("README.md").map(([file = ""]) => file);
  const files = cells.flatMap((cell) =>
    [...cell.matchAll(/`([\w-]+)(?:\.json)?`/g)].map(([, name]) => `${name}.json`),
  );
  expect(vectorFileNames().filter((file) => !files.includes(file))).toEqual([]);
});

test("the list of pages in the README is complete", () => {
  const readme = page("README.md");
  expect(pages.filter((name) => !readme.includes(`](${name})`))).toEqual([]);
});
