import BetterSqlite3 from "better-sqlite3";
import type { SimWorld } from "./sim-world.ts";

/** The most statements of a transaction before which a process is made to die. */
const statementsMax = 24;

/**
 * When one life of a server ends: before, inside or after a transaction, as its seed says. Whatever
 * the dead code does next meets a closed file.
 */
export class Mortality {
  readonly #world: SimWorld;
  readonly #random: ReturnType<SimWorld["random"]>;
  readonly #die: () => void;
  #dead = false;
  /** What fails next, as on a broken disk. */
  #breaks: "COMMIT" | "statement" | undefined;
  /** Statements until death, counted from BEGIN; undefined for a transaction that is survived. */
  #left: number | undefined;
  #afterCommit = false;

  constructor(world: SimWorld, name: string, die: () => void) {
    this.#world = world;
    this.#random = world.random(`crash ${name}`);
    this.#die = die;
  }

  /** Nothing runs any more. */
  end(): void {
    this.#dead = true;
  }

  /** Lets the next COMMIT, or the next statement at all, fail as a broken disk does. */
  break(what: "COMMIT" | "statement"): void {
    this.#breaks = what;
  }

  /** Is asked before each statement. `rollback` takes back what is open, as a failing disk does. */
  before(sql: string, rollback: () => void): void {
    if (this.#dead) throw new Error("this process is dead");
    if (sql === "BEGIN IMMEDIATE") this.#begin();
    else if (this.#left !== undefined && (this.#left -= 1) < 0) {
      this.#dieHere("inside a transaction");
    }
    if (sql === "COMMIT" && this.#left !== undefined) this.#dieHere("before COMMIT");
    if (this.#breaks === undefined || (this.#breaks === "COMMIT" && sql !== "COMMIT")) return;
    this.#world.probe(`${this.#breaks} broken`);
    this.#breaks = undefined;
    rollback();
    const code = sql === "COMMIT" ? "SQLITE_IOERR_FSYNC" : "SQLITE_IOERR_READ";
    throw new BetterSqlite3.SqliteError("disk I/O error", code);
  }

  after(sql: string): void {
    if (sql !== "COMMIT") return;
    this.#left = undefined;
    if (this.#afterCommit) this.#dieHere("after COMMIT");
  }

  #begin(): void {
    const { faults, calm } = this.#world;
    const dies = this.#random.chance(faults.serverCrash);
    const statement = this.#random.integer(0, statementsMax);
    const later = this.#random.chance(0.3);
    this.#left = dies && !calm && !later ? statement : undefined;
    this.#afterCommit = dies && !calm && later;
  }

  #dieHere(where: string): never {
    this.#world.probe(`crash ${where}`);
    this.#die();
    throw new Error("the process dies here");
  }
}
