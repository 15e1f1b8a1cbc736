/** A value that SQLite can hold. */
export type SqlValue = string | number | Uint8Array | null;

/** A row as the engine gives it; read its columns with `textOf`, `integerOf`, `bytesOf`. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A transaction under way. It ends with the closure that received it. */
export interface SqlTx {
  /** Runs a statement that returns no rows. */
  run(sql: string, ...values: readonly SqlValue[]): { changes: number; lastId: number };
  all(sql: string, ...values: readonly SqlValue[]): readonly SqlRow[];
}

/**
 * When what a transaction wrote outlives a loss of power. `durable`: when its promise resolves. `soon`:
 * with the next durable one that writes, or `settle`; the end of the process takes nothing of it.
 * Whichever it is, of two transactions the later one is never there without the earlier.
 */
export type Durability = "durable" | "soon";

/**
 * The engine below the local store: better-sqlite3 in Node, SQLite in WebAssembly in a browser.
 *
 * Closures are synchronous and run one after another, each in a transaction of its own; a closure
 * that throws leaves nothing behind.
 * The engine's own failures are `StoreFault`s: `storeFull` when the disk is, `closed` after
 * `close`, `storeUnwritable` where the file may not be written, `storeDamaged` for everything else.
 */
export interface SqlDatabase {
  transaction<T>(run: (tx: SqlTx) => T, durability?: Durability): Promise<T>;
  /** Resolves when everything that was written is durable. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export function textOf(row: SqlRow, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new TypeError(`column ${column} holds no text`);
  return value;
}

export function integerOf(row: SqlRow, column: string): number {
  const value = row[column];
  if (typeof value !== "number") throw new TypeError(`column ${column} holds no number`);
  return value;
}

export function bytesOf(row: SqlRow, column: string): Uint8Array<ArrayBuffer> {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw new TypeError(`column ${column} holds no bytes`);
  return new Uint8Array(value);
}

export function isNull(row: SqlRow, column: string): boolean {
  return row[column] === null;
}
