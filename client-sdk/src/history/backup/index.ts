/**
 * The backup at the user's own server: segments by time, sealed under a key from the account's data key,
 * and a manifest that names them, whose newest version all of the user's clients remember.
 */
import { Refusal } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { createSerial } from "../../transport/index.ts";
import type { HistoryContext } from "../context.ts";
import type { TakenCount } from "../take-segment.ts";
import type { BackupPorts } from "./ports.ts";
import { restoreBackup } from "./restore.ts";
import { saveBackup } from "./save.ts";
import { type BackupState, readState, removedValue } from "./state.ts";

export { faultOf } from "./state.ts";
export type { BackupPorts } from "./ports.ts";

export type BackupStatus = {
  readonly on: boolean;
  /** When it was written last, in milliseconds since the Unix epoch; undefined: there is none. */
  readonly savedAt: number | undefined;
  readonly messages: number;
  /** Octets at the server. */
  readonly bytes: number;
  readonly segments: number;
  /** Something here is not in it yet. */
  readonly waiting: boolean;
  /** Segments that this client has not taken in. */
  readonly missing: number;
};

export interface Backup {
  status(): Promise<BackupStatus>;
  /** Writes what is not written yet. Refuses `notAllowed` while the backup is off. */
  save(): Promise<BackupStatus>;
  /** Takes in all of it that this client has not yet. Refuses `notFound` when there is none. */
  restore(): Promise<TakenCount>;
  /** Deletes it from the server. */
  remove(): Promise<void>;
  /** The connection is there. */
  live(): void;
  /** Something changed here that may have to be written. */
  look(): void;
}

/** A new client takes in the backup by itself. */
const wantedSetting = "history wanted";
/** From a change to the run that writes it, so that what comes together is written together. */
const saveDelayMs = 60_000;
const retryDelayMs = 5 * 60_000;
const triesMax = 6;
const conflictWaitMs = 500;

/** This client is a new one of its user. */
export function wantHistory(tx: LocalTx): void {
  tx.settings.put(wantedSetting, new Uint8Array(1));
}

export function createBackup(context: HistoryContext, ports: BackupPorts): Backup {
  const { store, env } = context;
  const serial = createSerial();

  const isOn = () => store.transaction((tx) => ports.isOn(tx));
  const current = async (): Promise<BackupState> => {
    await ports.agree();
    return readState(context, ports);
  };
  const save = async (): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await saveBackup(context, ports, await current());
        return;
      } catch (error) {
        const again = error instanceof Refusal && error.code === "conflict";
        if (!again || attempt >= triesMax) throw error;
        const spread = (env.random(1)[0] ?? 0) * 4;
        await ports.wait(conflictWaitMs * attempt + spread);
      }
    }
  };
  const statusOf = async (state: BackupState): Promise<BackupStatus> => {
    const { segments, savedAt } = state.manifest;
    const isThere = state.head !== undefined && !state.broken;
    return store.transaction((tx) => ({
      on: ports.isOn(tx),
      savedAt: isThere ? savedAt : undefined,
      messages: segments.reduce((sum, { rows }) => sum + rows, 0),
      bytes: segments.reduce((sum, { link }) => sum + link.size, 0),
      segments: segments.length,
      waiting: tx.history.changed().length > 0,
      missing: segments.filter(({ link }) => !tx.history.isMerged(link.uri)).length,
    }));
  };
  const restore = async (): Promise<TakenCount> => {
    const state = await current();
    if (state.broken || state.head === undefined) {
      throw new Refusal("notFound", "there is no backup that can be used");
    }
    return restoreBackup(context, ports, state);
  };
  /** Whether there is one that can be used. */
  const isThere = async (): Promise<boolean> => {
    const state = await current();
    return state.head !== undefined && !state.broken;
  };
  const inBackground = (work: () => Promise<unknown>): void => {
    serial.run(work).catch((error: unknown) => {
      if (ports.life.aborted) return;
      env.log.warn("backup.failed", { error: String(error) });
      ports.later(retryDelayMs, look);
    });
  };
  function look(): void {
    ports.later(saveDelayMs, () =>
      inBackground(async () => {
        const due = await store.transaction(
          (tx) => ports.isOn(tx) && tx.history.changed().length > 0,
        );
        if (due) await save();
      }),
    );
  }
  return {
    status: () => serial.run(async () => statusOf(await readState(context, ports))),
    save: () =>
      serial.run(async () => {
        if (!(await isOn())) throw new Refusal("notAllowed", "the backup is off");
        await save();
        return statusOf(await readState(context, ports));
      }),
    restore: () => serial.run(restore),
    remove: () =>
      serial.run(async () => {
        await ports.agree();
        const { manifest } = await readState(context, ports);
        await store.transaction((tx) => {
          ports.writeHead(tx, removedValue(manifest.version + 1), env.now());
          tx.history.forgetMerged();
        });
        await ports.agree();
        for (const { uri } of await ports.assets.list("history/")) await ports.assets.delete(uri);
      }),
    live() {
      inBackground(async () => {
        const wanted = await store.transaction(
          (tx) => tx.settings.get(wantedSetting) !== undefined,
        );
        if (!wanted) return;
        if (await isThere()) await restore();
        else await ports.orElse();
        await store.transaction((tx) => tx.settings.delete(wantedSetting));
      });
      look();
    },
    look,
  };
}
