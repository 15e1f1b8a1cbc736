import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { RunningServer } from "./server.ts";

/** The server's database as it is now, to be put back later: what an old backup does. */
export interface OldData {
  /** The server goes on with the old database, as often as this is called. */
  putBack(): Promise<void>;
  /** Changes what is put back. */
  alter(change: (path: string) => void): void;
  /** The same, and the file beside the database with it: the server cannot know. */
  putBackUnnoticed(): Promise<void>;
}

const database = "treehouse.sqlite";
const counter = "boot";

export async function keepData(server: RunningServer): Promise<OldData> {
  const data = join(server.directory, "data");
  const kept = join(server.directory, `kept-${performance.now()}.sqlite`);
  await server.stop();
  copyFileSync(join(data, database), kept);
  copyFileSync(join(data, counter), `${kept}.boot`);
  await server.start();
  const replace = async (withCounter: boolean) => {
    await server.stop();
    for (const suffix of ["", "-wal", "-shm"]) {
      rmSync(join(data, `${database}${suffix}`), { force: true });
    }
    copyFileSync(kept, join(data, database));
    if (withCounter) copyFileSync(`${kept}.boot`, join(data, counter));
    await server.start();
  };
  return {
    putBack: () => replace(false),
    alter: (change) => change(kept),
    putBackUnnoticed: () => replace(true),
  };
}
