/**
 * `node tools/trace.ts` writes `docs/requirements.md`, and the table of attacks in
 * `docs/security.md`, from `tools/requirements.ts` and the titles of all tests.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { testTitles } from "../federation-spec/src/test-titles.ts";
import type { NamedTest } from "../federation-spec/src/test-titles.ts";
import { attacks, sections } from "./requirements.ts";
import type { Row } from "./requirements.ts";

/** Pages of which this tool writes all or a part. */
export const pages = ["docs/requirements.md", "docs/security.md"] as const;

const idPattern = /\b(?:R-\d{3}|[CXT]-\d{2})(?!\d)/g;

/** Every row by its id. */
export const rows: ReadonlyMap<string, Row> = new Map(
  [...sections.flatMap((section) => section.rows), ...attacks].map((row) => [row.id, row]),
);

/** The tests that name each id, in the order of files and of titles in them. */
export function testsById(): ReadonlyMap<string, readonly NamedTest[]> {
  const found = new Map<string, NamedTest[]>();
  for (const { file, title } of testTitles()) {
    for (const id of new Set(title.match(idPattern))) {
      found.set(id, [...(found.get(id) ?? []), { file, title }]);
    }
  }
  return found;
}

/** The whole text of a page as it should be; parts that are not generated stay as they are. */
export function render(page: (typeof pages)[number]): string {
  const tests = testsById();
  if (page === "docs/requirements.md") return requirementsPage(tests);
  const text = readFileSync(page, "utf8");
  const part = `${table(attackHead, attacks)}\n\n${testList(attacks, tests)}`;
  return text.replace(
    /(<!-- attacks -->\n)[\s\S]*(<!-- end of attacks -->)/,
    (_whole, start: string, end: string) => `${start}\n${part}\n\n${end}`,
  );
}

const head = ["id", "state", "where", "requirement"] as const;
const attackHead = ["id", "state", "where", "attack and answer"] as const;

function requirementsPage(tests: ReadonlyMap<string, readonly NamedTest[]>): string {
  const all = sections.flatMap((section) => section.rows);
  const count = (state: Row["state"]): number => all.filter((row) => row.state === state).length;
  const parts = sections.map(({ title, rows: part }) => {
    const list = testList(part, tests);
    return `## ${title}\n\n${table(head, part)}\n${list === "" ? "" : `\n${list}\n`}`;
  });
  return [
    "# Requirements",
    "",
    "What Treehouse is to do, how far each of it is, and the tests that prove it. R-rows come from",
    "the documents that the project began with, C-rows from its card, X-rows were added because",
    "users of comparable systems ask for them.",
    "",
    "- **met**: it holds as it stands here, and at least one test names it.",
    "- **partly**: what stands after the semicolon is missing.",
    "- **open**: there is nothing yet that anybody could use.",
    "",
    `Of ${all.length} rows ${count("met")} are met, ${count("partly")} partly, and ` +
      `${count("open")} are open: this release has encrypted groups in text, over federated homeservers.`,
    "",
    "This page is written by `node tools/trace.ts` from `tools/requirements.ts` and the titles of",
    "the tests; a test fails when it is stale.",
    "",
    parts.join("\n"),
  ].join("\n");
}

/** Padded as the formatter does it, so that the page is the same before and after formatting. */
function table(titles: readonly string[], part: readonly Row[]): string {
  const lines = [titles, ...part.map(({ id, state, where, words }) => [id, state, where, words])];
  const widths = titles.map((_, at) =>
    Math.max(3, ...lines.map((cells) => (cells[at] ?? "").length)),
  );
  const line = (cells: readonly string[], fill: string): string =>
    `| ${widths.map((width, at) => (cells[at] ?? "").padEnd(width, fill)).join(" | ")} |`;
  const [first = [], ...rest] = lines;
  return [line(first, " "), line([], "-"), ...rest.map((cells) => line(cells, " "))].join("\n");
}

function testList(part: readonly Row[], tests: ReadonlyMap<string, readonly NamedTest[]>): string {
  return part
    .flatMap(({ id }) =>
      (tests.get(id) ?? []).map(({ file, title }) => {
        const name = file.slice(file.lastIndexOf("/") + 1);
        return `- ${id}: \`${title.replaceAll("`", "'")}\` in [${name}](../${file})`;
      }),
    )
    .join("\n");
}

if (import.meta.main) for (const page of pages) writeFileSync(page, render(page));
