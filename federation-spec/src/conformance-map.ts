import { globSync, readdirSync, readFileSync } from "node:fs";
import { aligned, readPage } from "./page-tables.ts";
import { vectorFilesByRule } from "./vector-rules.ts";

const root = new URL("../../", import.meta.url);
const folder = new URL("../", import.meta.url);
const titlePattern = /\b(?:test|it|describe)\b[^"`;{}]*?\(\s*(["`])((?:(?!\1)[^\\]|\\.)*)\1/g;

/** The page that shows where each rule is proved, as it should be. */
export function conformanceMap(): string {
  const proved = filesByRule(testFiles(), (text) => {
    return [...text.matchAll(titlePattern)].map(([, , title]) => title ?? "").join("\n");
  });
  const named = filesByRule(sourceFiles(), (text) => text);
  const vectors = vectorFilesByRule();
  const rows = rules().map(({ rule, page }) => [
    `[${rule}](${page})`,
    links(proved.get(rule) ?? []),
    links((named.get(rule) ?? []).filter((file) => proved.get(rule)?.includes(file) !== true)),
    (vectors.get(rule) ?? []).map((file) => `[${file}](vectors/${file})`).join(" "),
  ]);
  return [
    "# Rules, tests, vectors",
    "",
    "Where each rule is proved in this repository: the tests whose titles name it, the other sources and tests that do, and the vectors that show it. A test fails when this page is stale; `npm run map` in this folder writes it.",
    "",
    aligned([["Rule", "Proved by", "Also named in", "Vectors"], ...rows]).trimEnd(),
    "",
  ].join("\n");
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

function links(files: readonly string[]): string {
  return files.map((file) => `[${file.slice(file.lastIndexOf("/") + 1)}](../${file})`).join(" ");
}
