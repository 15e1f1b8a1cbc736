import type { Cancel, Env } from "@treehouse/protocol";
import type { Database, Tx } from "../../src/platform/index.ts";

/** Where a life ends: at its so-many-th transaction, before it began or after its COMMIT. */
export type CrashPoint = { readonly transaction: number; readonly after: boolean };

/**
 * One life of a server over a database that outlives it. When it ends, nothing that still runs for
 * it acts any more: what it awaits never comes, its timers are gone, and no commit is told to it.
 */
export class Life {
  readonly #onCrash: () => void;
  #crash: CrashPoint | undefined;
  #transactions = 0;
  #live = true;

  constructor(crash: CrashPoint | undefined, onCrash: () => void) {
    this.#crash = crash;
    this.#onCrash = onCrash;
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** Transactions that were begun. */
  get transactions(): number {
    return this.#transactions;
  }

  end(): void {
    this.#live = false;
  }

  env<E extends Pick<Env, "timer" | "soon">>(env: E): E {
    const timer = (delayMs: number, run: () => void): Cancel =>
      env.timer(delayMs, () => {
        if (this.#live) run();
      });
    const soon = (run: () => void): void =>
      env.soon(() => {
        if (this.#live) run();
      });
    return { ...env, timer, soon };
  }

  database(database: Database): Database {
    const transaction: Database["transaction"] = async (run, options) => {
      if (!this.#live) return never();
      const crash = this.#nextCrash();
      if (crash?.after === false) return this.#die();
      const value = await database.transaction(async (tx) => {
        this.#guardCallbacks(tx);
        const result = await run(tx);
        // What follows the COMMIT is lost: nobody hears of it.
        if (crash?.after === true) this.#live = false;
        return result;
      }, options);
      if (crash?.after === true) return this.#die();
      return this.#live ? value : never();
    };
    const read: Database["read"] = async (run) => {
      if (!this.#live) return never();
      const value = await database.read(run);
      return this.#live ? value : never();
    };
    return {
      transaction,
      read,
      prepare: (build) => database.prepare(build),
      sql: (tx) => database.sql(tx),
      get state() {
        return database.state;
      },
      close: () => database.close(),
    };
  }

  /** Passes on what comes of a promise, unless this life has ended meanwhile. */
  async through<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await promise;
      return this.#live ? value : await never<T>();
    } catch (error) {
      if (!this.#live) return never();
      throw error;
    }
  }

  #nextCrash(): CrashPoint | undefined {
    this.#transactions += 1;
    return this.#crash?.transaction === this.#transactions ? this.#crash : undefined;
  }

  #die(): Promise<never> {
    this.#live = false;
    this.#crash = undefined;
    this.#onCrash();
    return never();
  }

  #guardCallbacks(tx: Tx): void {
    const afterCommit = tx.afterCommit.bind(tx);
    const guarded = (run: () => void): void =>
      afterCommit(() => {
        if (this.#live) run();
      });
    Object.defineProperty(tx, "afterCommit", { value: guarded });
  }
}

export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
