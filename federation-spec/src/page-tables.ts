import { readdirSync, readFileSync } from "node:fs";
import { handshakeRules, LIMITS, RATE_LIMITS, refusalTable } from "@treehouse/protocol";

const folder = new URL("../", import.meta.url);
const sources = new URL("../../packages/protocol/src/", import.meta.url);
const limitsSources = readdirSync(sources)
  .filter((name) => name.endsWith("limits.ts"))
  .map((name) => new URL(name, sources));

const rulesFolder = new URL("../../packages/mls/test/rules/", import.meta.url);

type Row = readonly string[];

/** The pages whose tables repeat the code, with these tables as the code has them now. */
export function pagesWithTables(): ReadonlyMap<string, string> {
  return new Map([
    ["05-errors.md", withTables("05-errors.md", [errorRows()])],
    ["06-limits.md", withTables("06-limits.md", [limitRows(), rateRows()])],
    ["13-mls-profile.md", withTables("13-mls-profile.md", [undefined, ruleRows()])],
  ]);
}

export function readPage(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

function errorRows(): readonly Row[] {
  const rows = Object.entries(refusalTable).map(([code, { status, title, advice }]) => [
    quoted(code),
    String(status),
    title,
    advice,
  ]);
  return [["Code", "Status", "Title", "What to do"], ...rows];
}

function ruleRows(): readonly Row[] {
  const tests = ruleTests();
  const rows = Object.entries(handshakeRules).map(([name, { from, says, codes }]) => [
    quoted(name),
    from,
    says,
    codes.map(quoted).join(" "),
    tests
      .filter(({ text }) => text.includes(`"${name}"`))
      .map(({ file }) => file.replace(/(\.test)?\.ts$/, ""))
      .join(" "),
  ]);
  return [["Rule", "From", "What holds", "Refused as", "Shown in"], ...rows];
}

/** They name rules without breaking them. */
const isNoMatrix = new Set(["complete.test.ts", "costs.ts"]);

function ruleTests(): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(rulesFolder)
    .filter((file) => file.endsWith(".ts") && !isNoMatrix.has(file))
    .sort()
    .map((file) => ({ file, text: readFileSync(new URL(file, rulesFolder), "utf8") }));
}

function limitRows(): readonly Row[] {
  const sentences = limitSentences();
  const rows = Object.entries(LIMITS).map(([name, value]) => [
    quoted(name),
    String(value),
    sentences.get(name) ?? "",
  ]);
  return [["Limit", "Value", "Bounds"], ...rows];
}

function rateRows(): readonly Row[] {
  const sentences = limitSentences();
  const rows = Object.entries(RATE_LIMITS).map(([name, { count, perMs }]) => [
    quoted(name),
    `${count} per ${perMs} ms`,
    sentences.get(name) ?? "",
  ]);
  return [["Rate", "Default", "Counts"], ...rows];
}

/** The sentences before the limits in their source, by name. */
function limitSentences(): ReadonlyMap<string, string> {
  const source = limitsSources.map((file) => readFileSync(file, "utf8")).join("\n");
  const found = source.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\n {2}(\w+):/g);
  return new Map(
    [...found].map(([, comment = "", name = ""]) => [
      name,
      comment.replace(/\s+\*?\s*/g, " ").trim(),
    ]),
  );
}

/** The page with its first tables, in their order, replaced; one that is undefined stays. */
function withTables(name: string, tables: readonly (readonly Row[] | undefined)[]): string {
  const left = [...tables];
  return readPage(name).replace(/(?:^\|[^\n]*\|\n)+/gm, (table) => {
    const rows = left.shift();
    return rows === undefined ? table : aligned(rows);
  });
}

/** Columns padded to their widest cell, as the formatter does. */
export function aligned(rows: readonly Row[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: Row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...body].map(line).join("");
}

function quoted(text: string): string {
  return `\`${text}\``;
}
