import type { Env } from "@treehouse/protocol";

import {
  type AccountData,
  backupHeadOf,
  historyNoteOf,
  isBackupOn,
  type OwnIdentity,
  type StoredAccount,
  writeBackupHead,
  writeHistoryNote,
} from "../../account/index.ts";
import type { Assets } from "../../assets/index.ts";
import type { ClientEvents, Events } from "../../events/index.ts";
import type { Alarm, Alarms, Groups } from "../../groups/index.ts";
import {
  type Backup,
  createBackup,
  createGrants,
  createTransfer,
  type Grants,
  type HistoryContext,
  type Transfer,
} from "../../history/index.ts";

/** What of the history goes on by itself while a client runs. */
export type RunningHistory = {
  readonly backup: Backup;
  readonly transfer: Transfer;
  readonly grants: Grants;
};

/**
 * Writes to the backup what changes, takes in what a new client lacks, and answers other clients that
 * ask, while there is a connection.
 */
export function startHistory(
  context: HistoryContext,
  parts: {
    readonly env: Pick<Env, "timer">;
    readonly account: StoredAccount;
    readonly own: OwnIdentity;
    readonly groups: Pick<Groups, "historyGranting" | "sendLater">;
    readonly assets: Assets;
    readonly data: AccountData;
    readonly alarms: Alarms;
    readonly events: Events<ClientEvents>;
    readonly life: AbortSignal;
  },
): RunningHistory {
  const { account, alarms, assets, data, env, events, life, own } = parts;
  const agree = () => data.catchUp();
  const saving = alarms.create();
  const named = new Map<string, Alarm>();
  const transfer = createTransfer(context, {
    assets,
    agree,
    life,
    self: account,
    listed: () => own.clients(),
    ask: (tx, client) => historyNoteOf(tx, "ask", client),
    writeAsk: (tx, client, value, at) => writeHistoryNote(tx, "ask", client, { value, at }),
    gift: (tx, client) => historyNoteOf(tx, "give", client),
    writeGift: (tx, client, value, at) => writeHistoryNote(tx, "give", client, { value, at }),
    later(name, delayMs, run) {
      const alarm = named.get(name) ?? alarms.create();
      named.set(name, alarm);
      alarm.set(delayMs, run);
    },
  });
  const backup = createBackup(context, {
    assets,
    agree,
    life,
    head: backupHeadOf,
    writeHead: writeBackupHead,
    isOn: isBackupOn,
    orElse: () => transfer.ask(),
    later: (delayMs, run) => saving.set(delayMs, run),
    wait: waiter(env, life),
  });
  const grants = createGrants(context, {
    assets,
    life,
    client: account.client,
    granting: (room) => parts.groups.historyGranting(room),
    send: (room, content) => parts.groups.sendLater(room, content),
    later: (delayMs, run) => alarms.create().set(delayMs, run),
  });
  let isLive = false;
  const changed = () => {
    if (isLive) backup.look();
  };
  const noted = () => {
    if (isLive) transfer.look();
  };
  events.on("stored", changed);
  events.on("changed", changed);
  events.on("clientsChanged", noted);
  events.on("accountData", noted);
  events.on("state", ({ state }) => {
    isLive = state === "live";
    if (!isLive) return;
    backup.live();
    transfer.look();
    grants.live();
  });
  return { backup, transfer, grants };
}

function waiter(env: Pick<Env, "timer">, life: AbortSignal) {
  return (ms: number) =>
    new Promise<void>((resolve, reject) => {
      const stop = () => {
        cancel();
        reject(life.reason);
      };
      const cancel = env.timer(ms, () => {
        life.removeEventListener("abort", stop);
        resolve();
      });
      life.addEventListener("abort", stop, { once: true });
    });
}
