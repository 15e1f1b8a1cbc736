/** The trace from requirements and attacks to tests is complete, and its pages are not stale. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attacks, sections } from "../tools/requirements.ts";
import { pages, render, rows, testsById } from "../tools/trace.ts";

const tests = testsById();
const all = [...sections.flatMap((section) => section.rows), ...attacks];

test("the rows are all there, each once", () => {
  const numbers = (letter: string, count: number, width: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${letter}-${String(at + 1).padStart(width, "0")}`);
  expect(all.map(({ id }) => id).toSorted()).toEqual(
    [
      ...numbers("R", 174, 3),
      ...numbers("C", 6, 2),
      ...numbers("X", 23, 2),
      ...numbers("T", 41, 2),
    ].toSorted(),
  );
});

test("the scan sees the tests", () => {
  expect(tests.size).toBeGreaterThan(20);
  expect([...tests.values()].flat().length).toBeGreaterThan(40);
});

test("a row that is met has a test that names it, and one that is open says nothing else", () => {
  const unproved = all.filter(({ id, state }) => state === "met" && !tests.has(id));
  expect(unproved.map(({ id }) => id)).toEqual([]);
  const proved = all.filter(({ id, state }) => state === "open" && tests.has(id));
  expect(proved.map(({ id }) => id)).toEqual([]);
});

test("no test names a row that there is not", () => {
  const unknown = [...tests].filter(([id]) => !rows.has(id));
  expect(unknown).toEqual([]);
});

for (const page of pages) {
  test(`${page} is what the trace gives (else run: node tools/trace.ts)`, () => {
    expect(readFileSync(page, "utf8")).toBe(render(page));
  });
}

test("C-01 the folders are where the project's card says", () => {
  const places = [
    "packages",
    "homeserver",
    "client-sdk",
    "federation-spec",
    "docs",
    "pnpm-workspace.yaml",
    "package.json",
    "README.md",
  ];
  expect(places.filter((place) => !existsSync(place))).toEqual([]);
});

test("R-145 every column of the server's database stands on the page of what it sees", () => {
  const page = readFileSync("docs/operating/what-the-server-sees.md", "utf8");
  const columns = globSync("homeserver/src/**/schema.ts").flatMap((file) => {
    const tables = readFileSync(file, "utf8")
      .split(/sqliteTable\(/)
      .slice(1);
    return tables.flatMap((text) => {
      const [, name = ""] = /^\s*"([a-z_]+)"/.exec(text) ?? [];
      const found = [...text.matchAll(/: (?:text|blob|integer)\("([a-z_]+)"/g)];
      return found.map(([, column]) => `${name}.${column}`);
    });
  });
  expect(columns.length).toBeGreaterThan(60);
  const described = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)`/gm)].map(([, name]) => name ?? "");
  expect(described.toSorted()).toEqual(columns.toSorted());
});
