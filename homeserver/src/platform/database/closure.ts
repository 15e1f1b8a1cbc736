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
   * The same of closures that may be run more than once, one after the other in one savepoint: it
   * costs a copy of each page that is written in it, which they share. When one throws, what all of
   * them did is taken back, and they run again, each by itself.
   */
  performTogether(runs: readonly Run[]): Promise<readonly Outcome[]>;
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

  function abandon(): void {
    if (connection.inTransaction) rollback.run();
  }

  /** Throws `GroupLost` if the transaction did not survive the error. */
  function backToSavepoint(error: unknown): void {
    if (error instanceof GroupLost) throw error;
    const kind = storageErrorKind(error);
    if (kind === "full" || kind === "fatal" || !connection.inTransaction) {
      abandon();
      throw new GroupLost(kind === "full", error);
    }
    rollbackTo.run();
    release.run();
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
    backToSavepoint(error);
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

  /** Undefined if one threw, and all were taken back. */
  async function tryTogether(runs: readonly Run[]): Promise<readonly Outcome[] | undefined> {
    const outcomes: Outcome[] = [];
    const handles: OpenHandle[] = [];
    savepoint.run();
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
      backToSavepoint(error);
      return undefined;
    }
    release.run();
    return outcomes;
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
    async performTogether(runs) {
      return (runs.length > 1 ? await tryTogether(runs) : undefined) ?? performEach(runs);
    },
  };
}

function swallowed(): Error {
  return new Error("A closure went on after the database had rolled its transaction back.");
}
