import { writeBackupOn } from "../../account/index.ts";
import type { Backup, BackupStatus, HistoryContext, TakenCount } from "../../history/index.ts";
import { guarded } from "../guarded.ts";
import type { Chosen } from "../account/index.ts";

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
