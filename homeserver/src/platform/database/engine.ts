import type { Env } from "@treehouse/protocol";
import BetterSqlite3 from "better-sqlite3";
import { startCheckpointer } from "./checkpoint.ts";
import type { Checkpointer, CheckpointOptions } from "./checkpoint.ts";
import { createReserve } from "./reserve.ts";
import type { Reserve } from "./reserve.ts";

/** Where the files of databases are and who copies their logs; the simulator has its own. */
export interface DatabaseEngine {
  open(path: string, options: { readonly timeout: number }): BetterSqlite3.Database;
  startCheckpointer(options: CheckpointOptions): Checkpointer;
  /** Space kept aside at `path`. */
  createReserve(path: string, bytes: number, env: Pick<Env, "timer">): Reserve;
}

/** Files of this machine, and a thread that copies the log. */
export const nodeEngine: DatabaseEngine = {
  open: (path, options) => new BetterSqlite3(path, options),
  startCheckpointer,
  createReserve,
};
