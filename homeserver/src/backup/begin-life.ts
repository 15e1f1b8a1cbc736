import type { Bytes, Env } from "@treehouse/protocol";
import { errorFields } from "../platform/index.ts";
import type { Database, Jobs, Tx } from "../platform/index.ts";
import type { LivesFile } from "./lives-file.ts";
import { createSqliteStore } from "./store.sqlite.ts";
import type { LivesStore } from "./store.ts";

/** A life of the data that began by going back in time. */
export type NewLife = {
  /** When it began, in ms. */
  readonly at: number;
  /** Terms of hosted rooms are at least this: above those of any life that began before. */
  readonly termMin: number;
  /** Streams go on behind this: above every position that any life before has given. */
  readonly positionMin: number;
};

/** A module with something that must not be done twice, or that others know better now. */
export interface Restorable {
  /**
   * The database is an old one. Writes whatever keeps the module from contradicting what it has
   * said since; what takes longer goes on later from what is written here.
   */
  restored(tx: Tx, life: NewLife): Promise<void>;
}

export interface LifeOptions {
  readonly env: Pick<Env, "now" | "log" | "metrics">;
  readonly database: Database;
  readonly file: LivesFile;
  readonly jobs: Pick<Jobs, "every">;
  /** In the order in which they are told. */
  readonly restorables: readonly Restorable[];
  /** Of the streams, as it is now. */
  incarnation(): Bytes;
}

/** Why the data are taken for older than they were. */
export type SetBack = "restored" | "olderThanFile" | "fileMissing";

/**
 * Begins a life of the data; call it before anybody is served. If the data have been set back, by
 * the restore command or by hand, every module is told (FED-959), all in one transaction: a crash
 * before its end leaves everything as it was, and the next start does the same again.
 *
 * The counter is raised in the database first and in the file after that, so that the file is never
 * ahead by itself; but it is there before the database counts at all.
 */
export async function beginLife(options: LifeOptions): Promise<SetBack | undefined> {
  const { env, database, file, jobs, restorables } = options;
  const store = createSqliteStore(database);
  const inFile = await file.read();
  await beforeRestored(options, store, inFile);
  const setBack = await database.transaction(async (tx) => {
    const known = await store.lives(tx);
    const why = setBackBy(known, inFile);
    const life = newLife(env.now());
    if (why !== undefined) for (const each of restorables) await each.restored(tx, life);
    const count = Math.max(known?.count ?? 0, inFile ?? 0);
    const incarnation = known?.incarnation ?? options.incarnation();
    // An ordinary start writes nothing here: the disk may be full.
    if (why !== undefined || known?.count !== count) {
      await store.putLives(tx, { count, incarnation, copiedAt: undefined });
    }
    return why;
  });
  if (setBack !== undefined) tell(options, setBack);
  await raiseFirst(options, store, inFile);
  jobs.every("backup.raiseCount", raiseIntervalMs, () => raiseCount(options, store));
  return setBack;
}

/** Copies of the database alone that are older than this are found to be old. */
const raiseIntervalMs = 3_600_000;

/**
 * Data that the restore command has put there have no file beside them. It comes before the mark goes:
 * a start that dies between the two would be taken for another copy by the next. Data without the mark
 * get none here, since the missing file is what they are found by.
 */
async function beforeRestored(
  { env, database, file }: LifeOptions,
  store: LivesStore,
  inFile: number | undefined,
): Promise<void> {
  if (inFile !== undefined) return;
  const known = await database.read((tx) => store.lives(tx));
  if (known?.copiedAt === undefined) return;
  try {
    await file.write(0);
  } catch (error) {
    env.log.warn("livesNotCounted", errorFields(error));
  }
}

/**
 * A full disk must not keep a server from starting: it still serves whoever reads. Where there is no
 * file it comes before the first count: a start that dies between the two would be taken for an old
 * copy by the next.
 */
async function raiseFirst(
  options: LifeOptions,
  store: LivesStore,
  inFile: number | undefined,
): Promise<void> {
  try {
    if (inFile === undefined) await options.file.write(0);
    await raiseCount(options, store);
  } catch (error) {
    options.env.log.warn("livesNotCounted", errorFields(error));
  }
}

async function raiseCount(
  { database, file, incarnation }: LifeOptions,
  store: LivesStore,
): Promise<void> {
  const count = await database.transaction(async (tx) => {
    const raised = ((await store.lives(tx))?.count ?? 0) + 1;
    await store.putLives(tx, { count: raised, incarnation: incarnation(), copiedAt: undefined });
    return raised;
  });
  await file.write(count);
}

function setBackBy(
  known: Awaited<ReturnType<LivesStore["lives"]>>,
  inFile: number | undefined,
): SetBack | undefined {
  if (known?.copiedAt !== undefined) return "restored";
  const count = known?.count ?? 0;
  if (inFile === undefined) return count > 0 ? "fileMissing" : undefined;
  return inFile > count ? "olderThanFile" : undefined;
}

/**
 * Time rises from one life to the next, whichever copy is put back and however often; and nobody is
 * given 2^10 positions in a millisecond. Below 2^53 for the next two centuries.
 */
function newLife(now: number): NewLife {
  const at = Math.max(0, Math.floor(now));
  return { at, termMin: at, positionMin: at * 2 ** 10 };
}

function tell({ env }: LifeOptions, why: SetBack): void {
  env.metrics
    .gauge(
      "treehouse_backup_set_back",
      "1 if this start found the data to be older than they were.",
    )
    .set(1);
  if (why === "restored") env.log.warn("dataRestored", { reason: why });
  else env.log.error("dataSetBack", { reason: why });
}
