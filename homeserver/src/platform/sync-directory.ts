import { closeSync, fsyncSync, openSync } from "node:fs";

/** Names that were given in a folder outlive a power failure only once the folder is on the disk. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
