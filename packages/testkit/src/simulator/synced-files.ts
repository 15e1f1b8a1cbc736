import { copyFileSync, existsSync, rmSync } from "node:fs";

const suffixes = ["", "-wal"] as const;

/**
 * The files of a store as they were brought to the disk last. A loss of power takes everything that
 * was written since: the most that it may.
 */
export class SyncedFiles {
  readonly #path: string;
  #taken = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** Whether there is anything to go back to. */
  get isTaken(): boolean {
    return this.#taken;
  }

  /** Everything that was written so far is on the disk. */
  synced(): void {
    this.#taken = true;
    for (const suffix of suffixes) move(this.#path + suffix, `${this.#path}.synced${suffix}`);
  }

  /** The machine loses its power. */
  rewind(): void {
    if (!this.#taken) return;
    for (const suffix of suffixes) move(`${this.#path}.synced${suffix}`, this.#path + suffix);
  }
}

function move(from: string, to: string): void {
  rmSync(to, { force: true });
  if (existsSync(from)) copyFileSync(from, to);
}
