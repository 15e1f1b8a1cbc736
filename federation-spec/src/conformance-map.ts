import { readdirSync } from "node:fs";
import { aligned, readPage } from "./page-tables.ts";
import { filesOf, readSource, sourceFiles, testTitles } from "./test-titles.ts";
import { vectorFilesByRule } from "./vector-rules.ts";

const folder = new URL("../", import.meta.url);
const rulePattern = /\brule\(\s*"(FED-\d{3,4})"/g;

type Row = {
  readonly rule: string;
  readonly page: string;
  /** Whose titles name it. */
  readonly tests: readonly string[];
  readonly suite: readonly string[];
  readonly vectors: readonly string[];
  /** That name it, which proves nothing. */
  readonly code: readonly string[];
};

/** Each rule with the files where it is proved, and those that keep it. */
export function rows(): readonly Row[] {
  const tests = filesByRule(testTitles().map(({ file, title }) => [file, title]));
  const suite = filesByRule(
    filesOf(["federation-spec/src/conformance/rules/*.ts"]).map((file) => [
      file,
      [...readSource(file).matchAll(rulePattern)].map(([, rule]) => rule ?? "").join("\n"),
    ]),
  );
  const code = filesByRule(sourcesOfOthers());
  const vectors = vectorFilesByRule();
  return rules().map(({ rule, page }) => ({
    rule,
    page,
    tests: tests.get(rule) ?? [],
    suite: suite.get(rule) ?? [],
    vectors: (vectors.get(rule) ?? []).map((file) => `federation-spec/vectors/${file}`),
    code: code.get(rule) ?? [],
  }));
}

/** The page that shows where each rule is proved, as it should be. */
export function conformanceMap(): string {
  const all = rows();
  const files = [
    ...new Set(all.flatMap((row) => [...row.tests, ...row.suite, ...row.vectors, ...row.code])),
  ].toSorted();
  const labels = labelsOf(files);
  const cell = (found: readonly string[]) => found.map((file) => `[${labels.get(file)}]`).join(" ");
  const table = all.map(({ rule, page, tests, suite, vectors, code }) => [
    `[${rule}](${page})`,
    ...[tests, suite, vectors, code].map(cell),
  ]);
  return [
    "# Rules, tests, vectors",
    "",
    "Where each rule is proved in this repository: the tests whose titles name it, where the " +
      "conformance suite looks at it from outside, and the vectors that show it; and the code " +
      "that names it. A test fails when this page is stale, or proves a rule nowhere; " +
      "`npm run map` in this folder writes it.",
    "",
    aligned([["Rule", "Tests", "Suite", "Vectors", "Code"], ...table]),
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
  return filesByRule([
    ...sourcesOfOthers(),
    ...testTitles().map(({ file, title }) => [file, title] as const),
  ]);
}

/** All rules with their pages, in the order of their numbers. */
export function rules(): readonly { readonly rule: string; readonly page: string }[] {
  return readdirSync(folder)
    .filter((name) => /^\d\d-.*\.md$/.test(name))
    .toSorted()
    .flatMap((page) =>
      [...readPage(page).matchAll(/\*\*(FED-\d{3,4})\*\*/g)].map(([, rule = ""]) => ({
        rule,
        page,
      })),
    );
}

/** Nothing of this folder: that it names rules means nothing. */
function sourcesOfOthers(): readonly (readonly [file: string, text: string])[] {
  return sourceFiles()
    .filter((file) => !file.startsWith("federation-spec/"))
    .map((file) => [file, readSource(file)]);
}

function filesByRule(
  texts: readonly (readonly [file: string, text: string])[],
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of texts) {
    for (const rule of new Set(text.match(/\bFED-\d{3,4}\b/g))) {
      found.set(rule, (found.get(rule) ?? new Set()).add(file));
    }
  }
  return new Map([...found].map(([rule, files]) => [rule, [...files]]));
}
