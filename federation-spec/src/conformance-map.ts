import { globSync, readdirSync, readFileSync } from "node:fs";
import { aligned, readPage } from "./page-tables.ts";
import { vectorFilesByRule } from "./vector-rules.ts";

const root = new URL("../../", import.meta.url);
const folder = new URL("../", import.meta.url);
const rulePattern = /\brule\(\s*"(FED-\d{3})"/g;
const titlePattern = /\b(?:test|it|describe)\b[^"`;{}]*?\(\s*(["`])((?:(?!\1)[^\\]|\\.)*)\1/g;

/** The page that shows where each rule is proved, as it should be. */
export function conformanceMap(): string {
  const proved = filesByRule(testFiles(), (text) => {
    return [...text.matchAll(titlePattern)].map(([, , title]) => title ?? "").join("\n");
  });
  const named = filesByRule(sourceFiles(), (text) => text);
  const vectors = vectorFilesByRule();
  const suite = filesByRule(suiteFiles(), (text) => {
    return [...text.matchAll(rulePattern)].map(([, rule]) => rule ?? "").join("\n");
  });
  const rows = rules().map(({ rule, page }) => ({
    rule: `[${rule}](${page})`,
    tests: proved.get(rule) ?? named.get(rule) ?? [],
    suite: suite.get(rule) ?? [],
    vectors: (vectors.get(rule) ?? []).map((file) => `federation-spec/vectors/${file}`),
  }));
  const files = [
    ...new Set(rows.flatMap((row) => [...row.tests, ...row.suite, ...row.vectors])),
  ].toSorted();
  const labels = labelsOf(files);
  const cell = (found: readonly string[]) => found.map((file) => `[${labels.get(file)}]`).join(" ");
  const table = rows.map((row) => [row.rule, cell(row.tests), cell(row.suite), cell(row.vectors)]);
  return [
    "# Rules, tests, vectors",
    "",
    "Where each rule is proved in this repository: the tests whose titles name it, or the sources " +
      "that do if there are none, where the conformance suite looks at it from outside, and the " +
      "vectors that show it. A test fails when this page is stale; `npm run map` in this folder " +
      "writes it.",
    "",
    aligned([["Rule", "Tests", "Suite", "Vectors"], ...table]),
    ...files.map((file) => `[${labels.get(file)}]: ../${file}`),
    "",
  ].join("\n");
}

/** The shortest end of each path that no other has. */
function labelsOf(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    files.map((file) => {
      const parts = file.split("/");
      const ends = parts.map((_, at) => parts.slice(parts.length - 1 - at).join("/"));
      const unique = ends.find(
        (end) => files.filter((other) => `/${other}`.endsWith(`/${end}`)).length === 1,
      );
      return [file, unique ?? file];
    }),
  );
}

/** The rules that tests and sources name, with the files that do. */
export function namedRules(): ReadonlyMap<string, readonly string[]> {
  return filesByRule([...new Set([...testFiles(), ...sourceFiles()])], (text) => text);
}

/** All rules with their pages, in the order of their numbers. */
export function rules(): readonly { readonly rule: string; readonly page: string }[] {
  return readdirSync(folder)
    .filter((name) => /^\d\d-.*\.md$/.test(name))
    .toSorted()
    .flatMap((page) =>
      [...readPage(page).matchAll(/\*\*(FED-\d{3})\*\*/g)].map(([, rule = ""]) => ({ rule, page })),
    );
}

function suiteFiles(): readonly string[] {
  return filesOf(["src/conformance/rules/*.ts"]);
}

function testFiles(): readonly string[] {
  return filesOf(["src/**/*.{test,contract}.ts", "test/**/*.ts"]);
}

/** Nothing of this folder: that it names rules proves none. */
function sourceFiles(): readonly string[] {
  return filesOf(["src/**/*.ts", "test/**/*.ts"]).filter(
    (file) => !file.startsWith("federation-spec/"),
  );
}

function filesOf(patterns: readonly string[]): readonly string[] {
  const members = "{homeserver,client-sdk,federation-spec,packages/*}";
  return globSync(
    patterns.map((pattern) => `${members}/${pattern}`),
    { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" },
  )
    .map((file) => file.replaceAll("\\", "/"))
    .toSorted();
}

function filesByRule(
  files: readonly string[],
  part: (text: string) => string,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const text = part(readFileSync(new URL(file, root), "utf8"));
    for (const rule of new Set(text.match(/\bFED-\d{3}\b/g))) {
      found.set(rule, [...(found.get(rule) ?? []), file]);
    }
  }
  return found;
}
