import { AsyncLocalStorage } from "node:async_hooks";
import { Refusal } from "@treehouse/protocol";
import type { Env, Histogram } from "@treehouse/protocol";
import type BetterSqlite3 from "better-sqlite3";
import { Assertion } from "../assertion.ts";
import { errorFields } from "../env/log.ts";
import { createClosureRunner, GroupLost } from "./closure.ts";
import type { ClosureRunner, Outcome } from "./closure.ts";
import { openHandle } from "./handle.ts";
import type { ReadTx, Tx } from "./handle.ts";
import { createOverdueWatch, isThenable } from "./overdue-watch.ts";
import type { OverdueWatch } from "./overdue-watch.ts";
import { StorageFault, storageErrorKind } from "./storage-error.ts";

/** Most closures that share one COMMIT. */
const groupClosuresMax = 256;

export interface GroupCommitOptions {
  readonly env: Pick<Env, "soon" | "monotonic" | "log">;
  readonly connection: BetterSqlite3.Database;
  readonly commitSeconds: Histogram;
  readonly groupSize: Histogram;
  /** The group was rolled back for want of space. Called before its callers are refused. */
  onFull(): void;
  /** The database failed. Nothing of the group may be answered as done. */
  onFatal(error: unknown): void;
}

interface Item {
  readonly frees: boolean;
  perform(tx: Tx): unknown;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/**
 * Runs closures one after another, each in a savepoint of its own, and commits everything that had
 * arrived when the turn began at once.
 *
 * A turn starts by `env.soon`, never by a waiting timer: at low load a group is one closure, and it
 * grows by itself because requests gather while a commit runs. Callers are answered after COMMIT.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #watch: OverdueWatch;
  readonly #closures: ClosureRunner;
  readonly #begin: BetterSqlite3.Statement;
  readonly #commit: BetterSqlite3.Statement;
  /** Tells code that runs inside a closure from code that merely runs at the same time. */
  readonly #scope = new AsyncLocalStorage<{ open: boolean }>();
  #queue: Item[] = [];
  #waitingReads: (() => void)[] = [];
  #waitingDrains: (() => void)[] = [];
  #armed = false;
  #busy = false;
  #full = false;
  #stopped: "no" | "draining" | "failed" = "no";

  constructor(options: GroupCommitOptions) {
    this.#options = options;
    this.#watch = createOverdueWatch(options.env);
    this.#closures = createClosureRunner(options.connection, this.#watch);
    this.#begin = options.connection.prepare("BEGIN IMMEDIATE");
    this.#commit = options.connection.prepare("COMMIT");
  }

  /** True while a group is open: the connection must not be used for anything else. */
  get busy(): boolean {
    return this.#busy;
  }

  /** True when nothing is open and nothing waits. */
  get quiet(): boolean {
    return !this.#busy && this.#queue.length === 0;
  }

  get state(): "open" | "full" | "failed" {
    if (this.#stopped === "failed") return "failed";
    return this.#full ? "full" : "open";
  }

  transaction<T>(run: (tx: Tx) => Promise<T> | T, frees: boolean): Promise<T> {
    this.#refuseNesting();
    return new Promise((resolve, reject) => {
      if (this.#stopped !== "no") return reject(unavailable());
      if (this.#full && !frees) return reject(storageFull());
      this.#queue.push({ frees, perform: run, resolve, reject });
      this.#arm();
    });
  }

  async read<T>(run: (tx: ReadTx) => Promise<T> | T): Promise<T> {
    this.#refuseNesting();
    if (this.#busy) await new Promise<void>((resolve) => this.#waitingReads.push(resolve));
    // Once waited for, the group has ended and the next begins with another turn of the loop.
    if (this.#stopped === "failed") throw unavailable();
    const handle = openHandle(false);
    const scope = { open: true };
    try {
      const value = this.#scope.run(scope, run, handle.tx);
      return isThenable(value) ? await this.#watch.guard(value) : value;
    } catch (error) {
      if (storageErrorKind(error) === "fatal") this.#fail([], error);
      throw error;
    } finally {
      scope.open = false;
      handle.end();
    }
  }

  /** Refuses or admits what needs new space. */
  setFull(full: boolean): void {
    this.#full = full;
    if (!full) return;
    const refused = this.#queue.filter((item) => !item.frees);
    this.#queue = this.#queue.filter((item) => item.frees);
    for (const item of refused) item.reject(storageFull());
  }

  /** Refuses everything new and resolves when all that was accepted before is committed. */
  async drain(): Promise<void> {
    if (this.#stopped === "no") this.#stopped = "draining";
    if (this.#stopped === "failed" || this.quiet) return;
    await new Promise<void>((resolve) => this.#waitingDrains.push(resolve));
  }

  /** Stops for good after a failure found outside a group. */
  fail(error: unknown): void {
    this.#fail([], error);
  }

  #arm(): void {
    if (this.#armed || this.#busy || this.#queue.length === 0) return;
    this.#armed = true;
    this.#options.env.soon(() => {
      this.#armed = false;
      void this.#turn();
    });
  }

  async #turn(): Promise<void> {
    if (this.#busy || this.#stopped === "failed") return;
    const group = this.#queue.splice(0, groupClosuresMax);
    if (group.length === 0) return;
    this.#busy = true;
    const scope = { open: true };
    const outcomes: Outcome[] = [];
    try {
      await this.#scope.run(scope, () => this.#performAndCommit(group, outcomes));
      scope.open = false;
      this.#busy = false;
      this.#answer(group, outcomes);
    } catch (error) {
      scope.open = false;
      this.#busy = false;
      this.#lose(group, outcomes, error);
    }
    this.#afterTurn();
  }

  async #performAndCommit(group: readonly Item[], outcomes: Outcome[]): Promise<void> {
    const { env, commitSeconds, groupSize } = this.#options;
    try {
      this.#begin.run();
    } catch (error) {
      throw new GroupLost(storageErrorKind(error) === "full", error);
    }
    for (const item of group) {
      const outcome = this.#closures.perform((tx) => item.perform(tx));
      outcomes.push(outcome instanceof Promise ? await outcome : outcome);
    }
    const from = env.monotonic();
    try {
      if (this.#stopped === "failed") throw new StorageFault("The database failed meanwhile.");
      this.#commit.run();
    } catch (error) {
      this.#closures.abandon();
      throw new GroupLost(storageErrorKind(error) === "full", error);
    }
    commitSeconds.observe((env.monotonic() - from) / 1000);
    groupSize.observe(group.length);
  }

  #answer(group: readonly Item[], outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.kind === "refused") continue;
      for (const run of outcome.handle.callbacks) this.#notify(run);
    }
    for (const [index, item] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Assertion("A closure of the group has no outcome.");
      if (outcome.kind === "done") item.resolve(outcome.value);
      else item.reject(outcome.error);
    }
  }

  #notify(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#options.env.log.error("afterCommitFailed", errorFields(error));
    }
  }

  #lose(group: readonly Item[], outcomes: readonly Outcome[], error: unknown): void {
    for (const outcome of outcomes.toReversed()) if (outcome.kind === "done") outcome.handle.undo();
    if (!(error instanceof GroupLost) || !error.full) {
      this.#fail(group, error instanceof GroupLost ? error.cause : error);
      return;
    }
    // A closure that never ran is as good as one still waiting, if it may run on a full disk.
    const unstarted = group.slice(outcomes.length + 1).filter((item) => item.frees);
    this.#queue.unshift(...unstarted);
    this.#options.onFull();
    this.setFull(true);
    for (const [index, item] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome?.kind === "refused") item.reject(outcome.error);
      else if (!unstarted.includes(item)) item.reject(storageFull());
    }
  }

  /** What is on disk is unknown now, so nothing is answered as done and nothing runs any more. */
  #fail(group: readonly Item[], error: unknown): void {
    if (this.#stopped !== "failed") {
      this.#stopped = "failed";
      this.#options.onFatal(error);
    }
    const fault = new StorageFault("The database failed; the outcome is unknown.", {
      cause: error,
    });
    const waiting = this.#queue;
    this.#queue = [];
    for (const item of [...group, ...waiting]) item.reject(fault);
    this.#afterTurn();
  }

  #afterTurn(): void {
    const reads = this.#waitingReads;
    this.#waitingReads = [];
    for (const start of reads) start();
    this.#arm();
    if (!this.quiet) return;
    const drains = this.#waitingDrains;
    this.#waitingDrains = [];
    for (const done of drains) done();
  }

  #refuseNesting(): void {
    if (this.#scope.getStore()?.open === true) {
      throw new Assertion("A closure of the database opened another one; pass its tx on instead.");
    }
  }
}

function storageFull(): Refusal {
  return new Refusal("storageFull", "The server's storage is full.");
}

function unavailable(): Refusal {
  return new Refusal("unavailable", "The server is stopping.");
}
