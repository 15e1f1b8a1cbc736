import type { Env } from "@treehouse/protocol";

import {
  type AccountData,
  backupHeadOf,
  isBackupOn,
  writeBackupHead,
  writeBackupOn,
} from "../account/index.ts";
import type { Assets } from "../assets/index.ts";
import type { ClientEvents, Events } from "../events/index.ts";
import type { Alarms } from "../groups/index.ts";
import {
  type Backup,
  type BackupStatus,
  createBackup,
  type HistoryContext,
  type TakenCount,
} from "../history/index.ts";
import { guarded } from "./guarded.ts";
import type { Chosen } from "./settings.ts";

/** The encrypted backup at the own server. */
export interface ClientBackup {
  status(): Promise<BackupStatus>;
  /**
   * Turns it on or off for all of the user's clients. Off, it is deleted from the server; refuses
   * `network` when that cannot be done now, and nothing has changed then.
   */
  set(on: boolean): Promise<void>;
  /** Writes what is not written yet, at once. Refuses `notAllowed` while it is off. */
  save(): Promise<BackupStatus>;
  /**
   * Takes in all of it that this client has not yet, the newest first; the event `history` tells how far
   * it is. Refuses `notFound` when there is none that can be used.
   */
  restore(): Promise<TakenCount>;
}

/** The backup of a running client: it writes by itself what changes, while there is a connection. */
export function startBackup(
  context: HistoryContext,
  parts: {
    readonly env: Pick<Env, "timer">;
    readonly assets: Assets;
    readonly data: AccountData;
    readonly alarms: Alarms;
    readonly events: Events<ClientEvents>;
    readonly life: AbortSignal;
  },
): Backup {
  const { assets, data, events, life } = parts;
  const saving = parts.alarms.create();
  const backup = createBackup(context, {
    assets,
    life,
    head: backupHeadOf,
    writeHead: writeBackupHead,
    isOn: isBackupOn,
    agree: () => data.catchUp(),
    later: (delayMs, run) => saving.set(delayMs, run),
    wait: (ms) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          cancel();
          reject(life.reason);
        };
        const cancel = parts.env.timer(ms, () => {
          life.removeEventListener("abort", stop);
          resolve();
        });
        life.addEventListener("abort", stop, { once: true });
      }),
  });
  let isLive = false;
  const look = () => {
    if (isLive) backup.look();
  };
  events.on("stored", look);
  events.on("changed", look);
  events.on("state", ({ state }) => {
    isLive = state === "live";
    if (isLive) backup.live();
  });
  return backup;
}

export function createClientBackup(
  { store }: Pick<HistoryContext, "store">,
  backup: Backup,
  chosen: Chosen,
): ClientBackup {
  return {
    status: () => guarded(() => backup.status()),
    set: (on) =>
      guarded(async () => {
        if (!on) await backup.remove();
        await store.transaction((tx) => writeBackupOn(tx, on, chosen.now()));
        await chosen.push();
        if (on) backup.look();
      }),
    save: () => guarded(() => backup.save()),
    restore: () => guarded(() => backup.restore()),
  };
}
