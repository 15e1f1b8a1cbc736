import { rmSync } from "node:fs";

/**
 * Files and folders that must not outlive the command: unsealed copies, and what is half written.
 * Cleared at its end, and by whoever ends the process before that.
 */
export interface Leftovers {
  add(path: string): void;
  /** Stays after all. */
  keep(path: string): void;
  /** Removes everything. Idempotent, and good in a signal handler. */
  clear(): void;
}

export function createLeftovers(): Leftovers {
  const paths = new Set<string>();
  return {
    add: (path) => void paths.add(path),
    keep: (path) => void paths.delete(path),
    clear() {
      for (const path of paths) rmSync(path, { recursive: true, force: true });
      paths.clear();
    },
  };
}
