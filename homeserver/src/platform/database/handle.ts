import type BetterSqlite3 from "better-sqlite3";
import type { BetterSQLite3Database } from "drizzle-orm/better-sqlite3";
import { Assertion } from "../assertion.ts";

/** Query builder over the one connection; `$client` is the raw connection for measured hot paths. */
export type Drizzle = BetterSQLite3Database & { readonly $client: BetterSqlite3.Database };

declare const readable: unique symbol;
declare const writable: unique symbol;

/** Leave to read, valid until the closure that received it has ended. */
export interface ReadTx {
  readonly [readable]: true;
}

/** Leave to read and write inside one closure of a transaction. */
export interface Tx extends ReadTx {
  readonly [writable]: true;
  /**
   * Registers what memory does with the commit: sockets, pumps and caches learn of it only here.
   *
   * Runs after COMMIT in the order of registration and before any caller is answered; dropped when
   * this closure is refused. It must not throw: a throw is logged and the others still run.
   */
  afterCommit(run: () => void): void;
  /**
   * Registers how memory takes back what it noted while this closure ran, such as a number given.
   *
   * Runs when the closure is refused or its whole group is lost, the last registered first and
   * before any other closure begins; dropped when the group commits. It must not throw.
   */
  afterRollback(run: () => void): void;
}

/** The writer's side of a handle. */
export interface OpenHandle {
  readonly tx: Tx;
  readonly callbacks: readonly (() => void)[];
  end(): void;
  /** Lets memory take back what it noted: nothing of this closure is on disk. */
  undo(): void;
}

/** Whether a handle is alive is known to this class alone, so that a handle cannot be forged. */
class Handle implements OpenHandle {
  declare readonly [readable]: true;
  declare readonly [writable]: true;
  readonly callbacks: (() => void)[] = [];
  #undoings: (() => void)[] | undefined;
  readonly #writes: boolean;
  #live = true;

  constructor(writes: boolean) {
    this.#writes = writes;
  }

  get tx(): Tx {
    return this;
  }

  afterCommit(run: () => void): void {
    Handle.check(this);
    if (!this.#writes) throw new Assertion("A read has no commit to wait for.");
    this.callbacks.push(run);
  }

  afterRollback(run: () => void): void {
    Handle.check(this);
    if (!this.#writes) throw new Assertion("A read has nothing to take back.");
    (this.#undoings ??= []).push(run);
  }

  undo(): void {
    for (const run of this.#undoings?.toReversed() ?? []) run();
  }

  end(): void {
    this.#live = false;
  }

  /** Returns whether the handle may write; throws unless it is one of ours and alive. */
  static check(handle: object): boolean {
    if (!(#live in handle)) throw new Assertion("This is no transaction of this database.");
    if (!handle.#live) throw new Assertion("A transaction was used after its closure ended.");
    return handle.#writes;
  }
}

export function openHandle(writes: boolean): OpenHandle {
  return new Handle(writes);
}

/** Throws unless the handle belongs to a closure that is running, in a transaction still open. */
export function checkHandle(handle: ReadTx, connection: BetterSqlite3.Database): void {
  const writes = Handle.check(handle);
  // SQLite ends the whole transaction by itself on some errors. A closure that swallowed one would
  // otherwise go on in autocommit mode.
  if (writes && !connection.inTransaction) {
    throw new Assertion("The transaction was rolled back by the database and must not go on.");
  }
}
