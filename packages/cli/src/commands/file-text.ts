import type { MessageFile } from "@treehouse/client-sdk";

import { indented } from "../output.ts";

/** A file at a glance: `file: photo.jpg, 2.4 MB`. */
export function fileText({ name, size }: MessageFile): string {
  return `file: ${indented(name === "" ? "(no name)" : name)}, ${sizeText(size)}`;
}

const units = ["kB", "MB", "GB", "TB"] as const;

/** In decimal units, as disks and networks count. */
export function sizeText(octets: number): string {
  if (octets < 1000) return `${octets} B`;
  let value = octets;
  let unit = "";
  for (const each of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = each;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
