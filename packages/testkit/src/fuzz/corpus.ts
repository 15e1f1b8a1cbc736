import { type Bytes, fromBase64Url, toBase64Url } from "@treehouse/protocol";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

/** Larger inputs and more of them would make the repository grow for little. */
const keptBytesMax = 1024;
const keptMax = 40;

/**
 * The kept inputs of a target, in `corpus/<target>.txt`: one a line in base64url, in the order in
 * which they were found; lines with `#` are remarks.
 */
export function readCorpus(target: string): readonly Bytes[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  return linesOf(readFileSync(file, "utf8")).map(fromBase64Url);
}

/** Adds inputs, as far as there is room. Answers how many. */
export function keep(target: string, inputs: readonly Bytes[]): number {
  const file = fileOf(target);
  const text = existsSync(file) ? readFileSync(file, "utf8") : `# Inputs of ${target}.\n`;
  const lines = linesOf(text);
  const fresh = inputs
    .filter(({ length }) => length > 0 && length <= keptBytesMax)
    .map(toBase64Url)
    .filter((line) => !lines.includes(line))
    .slice(0, Math.max(0, keptMax - lines.length));
  mkdirSync(dirname(file), { recursive: true });
  if (fresh.length > 0) writeFileSync(file, `${text}${fresh.join("\n")}\n`);
  return fresh.length;
}

function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function fileOf(target: string): string {
  return fileURLToPath(new URL(`corpus/${target}.txt`, import.meta.url));
}
