import { globSync, readFileSync } from "node:fs";

export type NamedTest = { readonly file: string; readonly title: string };

const root = new URL("../../", import.meta.url);
const members = "{homeserver,client-sdk,federation-spec,packages/*}";

/** Titles of tests that run: what is skipped proves nothing. */
const titlePattern =
  /\b(?:test|it|describe)\b(?!\.(?:skip|todo)\b)[^"`;{}]*?\(\s*(["`])((?:(?!\1)[^\\]|\\.)*)\1/g;

/** The titles of all tests of the repository, and of groups of tests, by file and place in it. */
export function testTitles(): readonly NamedTest[] {
  const files = filesOf([
    `${members}/src/**/*.{test,contract}.ts`,
    `${members}/test/**/*.ts`,
    "tests/*.test.ts",
  ]);
  return files.flatMap((file) => titlesIn(readSource(file)).map((title) => ({ file, title })));
}

/** The titles in the text of a file. */
export function titlesIn(text: string): readonly string[] {
  return [...text.matchAll(titlePattern)].map(([, , title = ""]) => title);
}

/** Sources of the members that no test is. */
export function sourceFiles(): readonly string[] {
  return filesOf([`${members}/src/**/*.ts`]).filter(
    (file) => !/\.(?:test|contract)\.ts$/.test(file),
  );
}

export function filesOf(patterns: readonly string[]): readonly string[] {
  return globSync(patterns, {
    cwd: root,
    exclude: (name) => name === "node_modules" || name === "dist",
  })
    .map((file) => file.replaceAll("\\", "/"))
    .toSorted();
}

export function readSource(file: string): string {
  return readFileSync(new URL(file, root), "utf8");
}
