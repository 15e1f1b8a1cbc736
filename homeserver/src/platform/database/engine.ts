import BetterSqlite3 from "better-sqlite3";
import { startCheckpointer } from "./checkpoint.ts";
import type { Checkpointer, CheckpointOptions } from "./checkpoint.ts";

/** Where the files of databases are opened and who copies their logs; the simulator has its own. */
export interface DatabaseEngine {
  open(path: string, options: { readonly timeout: number }): BetterSqlite3.Database;
  startCheckpointer(options: CheckpointOptions): Checkpointer;
}

/** Files of this machine, and a thread that copies the log. */
export const nodeEngine: DatabaseEngine = {
  open: (path, options) => new BetterSqlite3(path, options),
  startCheckpointer,
};
