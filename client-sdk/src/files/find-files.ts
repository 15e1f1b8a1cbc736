import type { LibraryEntry } from "./library.ts";

/** Which files of a library. Everything that is given has to fit. */
export type FileFilter = {
  /** Only what lies in this folder or below it. */
  readonly folder?: string | undefined;
  readonly tag?: string | undefined;
  /** Each word in the name, the folder or a tag; without regard to case and accents. */
  readonly search?: string | undefined;
};

export function findFiles(
  entries: readonly LibraryEntry[],
  { folder, tag, search }: FileFilter,
): readonly LibraryEntry[] {
  const words = plain(search ?? "")
    .split(/\s+/u)
    .filter((word) => word !== "");
  return entries.filter((entry) => {
    if (folder !== undefined && !liesIn(entry.folder, folder)) return false;
    if (tag !== undefined && !entry.tags.includes(tag)) return false;
    const said = plain([entry.name, entry.folder, ...entry.tags].join("\n"));
    return words.every((word) => said.includes(word));
  });
}

export function liesIn(folder: string, above: string): boolean {
  return above === "" || folder === above || folder.startsWith(`${above}/`);
}

/** As it is compared: without accents, which Unicode can write in several ways, and without case. */
function plain(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLocaleLowerCase("und");
}
