import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";
import { expect, test } from "vitest";

import { EXIT } from "../../src/failure.ts";
import { createProgram } from "../../src/run.ts";
import { root } from "../world/children.ts";

/** The page, without the blanks that align its tables. */
const text = readFileSync(join(root, "docs/cli.md"), "utf8").replaceAll(/ +\|/g, " |");

const program = createProgram({
  terminal: {
    env: {},
    stdoutIsTerminal: false,
    stdinIsTerminal: false,
    out: () => undefined,
    written: () => Promise.resolve(),
    outputLost: new AbortController().signal,
    err: () => undefined,
    readAll: () => Promise.resolve(""),
    async *lines() {},
    askSecret: () => Promise.resolve(""),
    interrupted: new AbortController().signal,
  },
  stopped: new AbortController().signal,
  exitWith: () => undefined,
  showsErrors: true,
});

type Leaf = { readonly path: string; readonly options: readonly string[] };

/** The commands that do something, with their options. */
function leaves(command: Command, above: readonly string[]): readonly Leaf[] {
  return command.commands.flatMap((child) => {
    const path = [...above, child.name()];
    const options = child.options.map(({ long }) => long ?? "");
    const own = { path: path.join(" "), options };
    if (child.commands.length === 0) return [own];
    const takes = child.registeredArguments.length > 0;
    return [...(takes ? [own] : []), ...leaves(child, path)];
  });
}

const commands = leaves(program, []);
/** A row of the tables of commands begins with the command in code. */
const rows = [...text.matchAll(/^\| `treehouse ([a-z ]+?)(?: [<[][^`]*)?` \|(.*)$/gm)].map(
  ([, path = "", rest = ""]) => ({ path: path.trim(), rest }),
);

test("the page has every command of the program, and no other", () => {
  expect(commands.length).toBeGreaterThan(20);
  expect(rows.map(({ path }) => path).toSorted()).toEqual(
    commands.map(({ path }) => path).toSorted(),
  );
});

test("each table is whole, and nothing stands there twice", () => {
  const blocks = text.split(/\n\n+/);
  expect(new Set(blocks).size).toBe(blocks.length);
  for (const table of blocks.filter((block) => block.startsWith("|"))) {
    const cells = table.split("\n").map((line) => line.split(/(?<!\\)\|/));
    expect(cells[1]?.slice(1, -1).join("")).toMatch(/^[ -]+$/);
    const odd = cells.filter((row) => row.length !== cells[0]?.length || row.at(-1) !== "");
    expect(odd).toEqual([]);
    expect(new Set(cells.map(([, first]) => first)).size).toBe(cells.length);
  }
});

test("each row has all options of its command, and no other", () => {
  for (const { path, options } of commands) {
    const rest = rows.find((row) => row.path === path)?.rest ?? "";
    const told = [...rest.matchAll(/`(--[a-z-]+)/g)].map(([, name = ""]) => name);
    expect([path, ...told.toSorted()]).toEqual([path, ...options.toSorted()]);
  }
});

test("the page has the global options, the exit codes, and each variable that is read", () => {
  for (const { long } of program.options) expect(text).toContain(`\`${long ?? ""}`);
  for (const code of Object.values(EXIT)) expect(text).toMatch(new RegExp(`\\| ${code} \\|`));
  const sources = [
    "contexts",
    "commands/cli",
    "commands/account",
    "commands/password",
    "commands/secrets",
    "commands/sticker",
  ];
  const code = sources
    .map((name) => readFileSync(join(root, `packages/cli/src/${name}.ts`), "utf8"))
    .join("\n");
  const variables = new Set([...code.matchAll(/TREEHOUSE_[A-Z_]+/g)].map(([name]) => name));
  expect(variables.size).toBe(8);
  for (const name of variables) expect(text).toContain(`| \`${name}\` |`);
});

test("every command is exercised by a test", () => {
  const folder = join(root, "packages/cli/test/flows");
  const tests = readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => readFileSync(join(folder, name), "utf8"))
    .join("\n");
  const missing = commands.filter(({ path }) => {
    const words = path.split(" ").map((word) => `"${word}"`);
    return !tests.includes(words.join(", "));
  });
  expect(missing).toEqual([]);
});
