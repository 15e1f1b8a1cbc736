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

export interface ClosureRunner {
  /**
   * Runs one closure in a savepoint of its own; at once if it is synchronous. A closure that throws
   * takes back its own writes only, unless the database ended the whole transaction: `GroupLost`.
   */
  perform(run: (tx: Tx) => unknown): Outcome | Promise<Outcome>;
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
    if (error instanceof GroupLost) throw error;
    const kind = storageErrorKind(error);
    if (kind === "full" || kind === "fatal" || !connection.inTransaction) {
      abandon();
      throw new GroupLost(kind === "full", error);
    }
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

  return {
    abandon,
    perform(run) {
      const handle = openHandle(true);
      savepoint.run();
      let value: unknown;
      try {
        value = run(handle.tx);
      } catch (error) {
        return takeBack(handle, error);
      }
      return isThenable(value) ? finish(handle, value) : keep(handle, value);
    },
  };
}

function swallowed(): Error {
  return new Error("A closure went on after the database had rolled its transaction back.");
}
