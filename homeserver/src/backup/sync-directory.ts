import { closeSync, fsyncSync, openSync } from "node:fs";

/** Makes names in a folder durable: a file that was renamed is there after a power failure. */
export function syncDirectory(path: string): void {
  const handle = openSync(path, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
