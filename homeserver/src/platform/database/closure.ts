import type BetterSqlite3 from "better-sqlite3";
import { openHandle } from "./handle.ts";
import type { OpenHandle, Tx } from "./handle.ts";
import { isThenable } from "./overdue-watch.ts";
import type { OverdueWatch } from "./overdue-watch.ts";
import { storageErrorKind } from "./storage-error.ts";

/** What became of one closure, provided that the group commits. */
export type Outcome =
  | { readonly kind: "done"; readonly value: unknown; readonly handle: OpenHandle }
  | { readonly kind: "refused"; readonly error: unknown };

/** Ends a group: its transaction is gone, whole. */
export class GroupLost extends Error {
  readonly full: boolean;

  constructor(full: boolean, cause: unknown) {
    super("The transaction of the group was lost.", { cause });
    this.full = full;
  }
}

type Run = (tx: Tx) => unknown;

export interface ClosureRunner {
  /**
   * Runs one closure in a savepoint of its own; at once if it is synchronous. A closure that throws
   * takes back its own writes only, unless the database ended the whole transaction: `GroupLost`.
   */
  perform(run: Run): Outcome | Promise<Outcome>;
  /**
   * The same of closures that may be run more than once and are the first of their transaction, one
   * after the other and without savepoints. When one throws, the transaction begins anew, and they run
   * again, each in its own.
   */
  performFirst(runs: readonly Run[]): Promise<readonly Outcome[]>;
  /** Takes back the whole group, if the database has not done so by itself. */
  abandon(): void;
}

export function createClosureRunner(
  connection: BetterSqlite3.Database,
  watch: OverdueWatch,
): ClosureRunner {
  const savepoint = connection.prepare("SAVEPOINT closure");
  const release = connection.prepare("RELEASE closure");
  const rollbackTo = connection.prepare("ROLLBACK TO closure");
  const rollback = connection.prepare("ROLLBACK");
  const begin = connection.prepare("BEGIN IMMEDIATE");

  function abandon(): void {
    if (connection.inTransaction) rollback.run();
  }

  /** Throws `GroupLost` if the transaction cannot survive the error. */
  function checkSurvival(error: unknown): void {
    if (error instanceof GroupLost) throw error;
    const kind = storageErrorKind(error);
    if (kind !== "full" && kind !== "fatal" && connection.inTransaction) return;
    abandon();
    throw new GroupLost(kind === "full", error);
  }

  function keep(handle: OpenHandle, value: unknown): Outcome {
    handle.end();
    if (!connection.inTransaction) {
      handle.undo();
      throw new GroupLost(false, swallowed());
    }
    release.run();
    return { kind: "done", value, handle };
  }

  function takeBack(handle: OpenHandle, error: unknown): Outcome {
    handle.end();
    handle.undo();
    checkSurvival(error);
    rollbackTo.run();
    release.run();
    return { kind: "refused", error };
  }

  async function finish(handle: OpenHandle, promise: PromiseLike<unknown>): Promise<Outcome> {
    let value: unknown;
    try {
      value = await watch.guard(promise);
    } catch (error) {
      return takeBack(handle, error);
    }
    return keep(handle, value);
  }

  function perform(run: Run): Outcome | Promise<Outcome> {
    const handle = openHandle(true);
    savepoint.run();
    let value: unknown;
    try {
      value = run(handle.tx);
    } catch (error) {
      return takeBack(handle, error);
    }
    return isThenable(value) ? finish(handle, value) : keep(handle, value);
  }

  /** Undefined if one threw, and the transaction is as it began. */
  async function tryWithoutSavepoints(
    runs: readonly Run[],
  ): Promise<readonly Outcome[] | undefined> {
    const outcomes: Outcome[] = [];
    const handles: OpenHandle[] = [];
    try {
      for (const run of runs) {
        const handle = openHandle(true);
        handles.push(handle);
        const value = run(handle.tx);
        const settled = isThenable(value) ? await watch.guard(value) : value;
        handle.end();
        outcomes.push({ kind: "done", value: settled, handle });
      }
      if (!connection.inTransaction) throw new GroupLost(false, swallowed());
    } catch (error) {
      for (const handle of handles.toReversed()) {
        handle.end();
        handle.undo();
      }
      checkSurvival(error);
      beginAnew();
      return undefined;
    }
    return outcomes;
  }

  function beginAnew(): void {
    rollback.run();
    try {
      begin.run();
    } catch (error) {
      throw new GroupLost(storageErrorKind(error) === "full", error);
    }
  }

  async function performEach(runs: readonly Run[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    try {
      for (const run of runs) {
        const outcome = perform(run);
        outcomes.push(outcome instanceof Promise ? await outcome : outcome);
      }
    } catch (error) {
      for (const one of outcomes.toReversed()) if (one.kind === "done") one.handle.undo();
      throw error;
    }
    return outcomes;
  }

  return {
    abandon,
    perform,
    performFirst: async (runs) => (await tryWithoutSavepoints(runs)) ?? performEach(runs),
  };
}

function swallowed(): Error {
  return new Error("A closure went on after the database had rolled its transaction back.");
}
