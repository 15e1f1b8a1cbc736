import type { LogSync } from "./log-sync.ts";

/** A group whose COMMIT is in the log, and whose callers are told nothing before it is on the disk. */
export interface CommittedGroup {
  readonly closures: number;
  /** It is on the disk. */
  answer(): void;
  /** Nobody knows whether it is. */
  lose(fault: unknown): void;
}

export interface CommittedGroupsOptions {
  /** Undefined if a COMMIT is all that there is to wait for. */
  readonly log: LogSync | undefined;
  /** Groups were answered. */
  onSettled(): void;
  /** A sync failed, so that it is unknown what is on the disk. */
  onFailed(error: unknown): void;
}

/**
 * Groups between their COMMIT and the disk, in order. One sync covers all that were committed when it
 * began; the next one begins before the callers of this one are answered, so that the disk works
 * while they are.
 */
export class CommittedGroups {
  readonly #options: CommittedGroupsOptions;
  #groups: CommittedGroup[] = [];
  #closures = 0;
  /** How many of the groups the sync that is under way covers. */
  #covered = 0;

  constructor(options: CommittedGroupsOptions) {
    this.#options = options;
  }

  /** Closures that are committed and not answered. */
  get closures(): number {
    return this.#closures;
  }

  get empty(): boolean {
    return this.#groups.length === 0;
  }

  add(group: CommittedGroup): void {
    if (this.#options.log === undefined) {
      group.answer();
      return;
    }
    this.#groups.push(group);
    this.#closures += group.closures;
    this.#sync();
  }

  /** Tells everybody who waits that the outcome is unknown. */
  lose(fault: unknown): void {
    const lost = this.#groups;
    this.#groups = [];
    this.#closures = 0;
    for (const group of lost) group.lose(fault);
  }

  #sync(): void {
    const { log, onFailed } = this.#options;
    if (log === undefined || this.#covered > 0 || this.empty) return;
    this.#covered = this.#groups.length;
    try {
      log.sync((error) => this.#synced(error));
    } catch (error) {
      onFailed(error);
    }
  }

  #synced(error: unknown): void {
    const durable = this.#groups.splice(0, this.#covered);
    this.#covered = 0;
    for (const { closures } of durable) this.#closures -= closures;
    if (error !== undefined) {
      this.#groups.unshift(...durable);
      this.#options.onFailed(error);
      return;
    }
    this.#sync();
    for (const group of durable) group.answer();
    this.#options.onSettled();
  }
}
