import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** All files below a folder. */
export function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** In which of these files a folder these octets occur, as UTF-8 or as UTF-16. */
export function filesWith(files: readonly string[], text: string): readonly string[] {
  const needles = [Buffer.from(text, "utf8"), Buffer.from(text, "utf16le")];
  return files.filter((file) => {
    const content = readFileSync(file);
    return needles.some((needle) => content.includes(needle));
  });
}
