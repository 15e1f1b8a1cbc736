import BetterSqlite3 from "better-sqlite3";

/** Whether a statement answers with objects, with arrays, or with the first column alone. */
export type StatementForm = "rows" | "raw" | "pluck";

/**
 * The disk of one host in memory, for seeds by the hundred: one SQLite database that stays open, with
 * its statements prepared, while processes and seeds come and go over it. Everything that a seed
 * writes lies in one transaction, which is rolled back at its end; what the programs take for
 * transactions are savepoints in it.
 */
export class MemoryDisk {
  readonly #database: BetterSqlite3.Database;
  readonly #statements: Readonly<Record<StatementForm, Map<string, BetterSqlite3.Statement>>> = {
    rows: new Map(),
    raw: new Map(),
    pluck: new Map(),
  };
  #acting = false;
  #losable = false;
  #backedUp = false;

  /** `image`: the file of a database that nobody has open. */
  constructor(image: Uint8Array) {
    this.#database = new BetterSqlite3(Buffer.from(withoutLog(image)));
    this.#database.pragma("foreign_keys = ON");
    this.#database.exec("BEGIN");
  }

  /** Whether a transaction is open. */
  get acting(): boolean {
    return this.#acting;
  }

  prepare(sql: string, form: StatementForm = "rows"): BetterSqlite3.Statement {
    const statements = this.#statements[form];
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#database.prepare(sql);
    if (form === "raw") made.raw(true);
    if (form === "pluck") made.pluck(true);
    statements.set(sql, made);
    return made;
  }

  begin(): void {
    if (this.#acting) throw new Error("a transaction is open already");
    this.prepare("SAVEPOINT act").run();
    this.#acting = true;
  }

  commit(): void {
    this.prepare("RELEASE act").run();
    this.#acting = false;
  }

  rollback(): void {
    if (!this.#acting) return;
    this.prepare("ROLLBACK TO act").run();
    this.commit();
  }

  /** From here on, until `synced`, a loss of power takes what is written. */
  unsynced(): void {
    if (this.#losable) return;
    this.prepare("SAVEPOINT durable").run();
    this.#losable = true;
  }

  /** Everything that was written so far is on the disk. */
  synced(): void {
    if (!this.#losable) return;
    this.prepare("RELEASE durable").run();
    this.#losable = false;
  }

  /** The machine loses its power. */
  losePower(): void {
    this.rollback();
    if (!this.#losable) return;
    this.prepare("ROLLBACK TO durable").run();
    this.synced();
  }

  /** Another disk with what is on this one. */
  copy(): MemoryDisk {
    // The image is that of before the seed, whose transaction is open: its rows follow.
    const copy = new MemoryDisk(this.#database.serialize());
    const tables = this.#database.prepare(ordinaryTables).pluck().all();
    copy.#database.pragma("defer_foreign_keys = ON");
    for (const table of tables) {
      copy.#database.prepare(`DELETE FROM "${String(table)}"`).run();
      for (const row of this.#database
        .prepare(`SELECT * FROM "${String(table)}"`)
        .raw()
        .all()) {
        if (!Array.isArray(row)) throw new TypeError("a row is no list");
        const values = row.map(() => "?").join(", ");
        copy.#database.prepare(`INSERT INTO "${String(table)}" VALUES (${values})`).run(...row);
      }
    }
    return copy;
  }

  /** Copies what is committed, for later. */
  backUp(): void {
    this.synced();
    this.prepare("SAVEPOINT backup").run();
    this.#backedUp = true;
  }

  /** Puts the copy back. */
  restore(): void {
    if (!this.#backedUp) throw new Error("there is no backup");
    this.rollback();
    this.prepare("ROLLBACK TO backup").run();
    this.#losable = false;
  }

  get backedUp(): boolean {
    return this.#backedUp;
  }

  /** Everything is as it was before the seed. */
  rewind(): void {
    this.#acting = false;
    this.#losable = false;
    this.#backedUp = false;
    this.#database.exec("ROLLBACK; BEGIN");
  }

  close(): void {
    this.#database.close();
  }
}

/** What a virtual table, such as an index of words, holds is its own affair. */
const ordinaryTables = `
  SELECT name FROM sqlite_master AS one WHERE type = 'table' AND rootpage > 0
    AND NOT EXISTS (SELECT 1 FROM sqlite_master AS virtual
      WHERE virtual.rootpage = 0 AND virtual.type = 'table'
        AND one.name GLOB virtual.name || '_*')`;

/** Says in the header of the file that there is no log beside it (file format, octets 18 and 19). */
function withoutLog(image: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(image);
  copy.fill(1, 18, 20);
  return copy;
}
