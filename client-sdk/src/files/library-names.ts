import { Refusal } from "@treehouse/protocol";

import { safeFileName } from "../media/index.ts";
import { LIBRARY_LIMITS } from "./library-limits.ts";

/** A name as it can be kept, and later be written to a disk. Refuses `malformed`. */
export function checkedName(name: string): string {
  const safe = safeFileName(name);
  if (!safe.changed && safe.name !== "") return safe.name;
  throw new Refusal("malformed", `"${safe.name}" would be a name for this file`);
}

/**
 * A folder as it is kept: names joined by `/`, without those at the ends. Refuses `malformed` for
 * names that no folder on a disk may have, and for paths beyond the bounds.
 */
export function checkedFolder(folder: string): string {
  const names = folder.split("/").filter((name) => name !== "");
  const { folderDepthMax, folderMax } = LIBRARY_LIMITS;
  const path = names.map(checkedName).join("/");
  if (names.length <= folderDepthMax && path.length <= folderMax) return path;
  throw new Refusal("malformed", `a folder has at most ${folderDepthMax} names`);
}

/** Each once, in their order. Refuses `malformed`. */
export function checkedTags(tags: readonly string[]): readonly string[] {
  const { tagMax, tagsMax } = LIBRARY_LIMITS;
  const trimmed = [...new Set(tags.map((tag) => tag.normalize("NFC").trim()))].toSorted();
  const fits = trimmed.every((tag) => tag !== "" && tag.length <= tagMax && !forbidden.test(tag));
  if (fits && trimmed.length <= tagsMax) return trimmed;
  throw new Refusal("malformed", `a file has at most ${tagsMax} tags of 1 to ${tagMax} signs`);
}

/** Control characters, and signs that turn the direction of reading. */
const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200E\u200F\u202A-\u202E\u2066-\u2069]/u;
