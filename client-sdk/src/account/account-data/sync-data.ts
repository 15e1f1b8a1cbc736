import {
  ACCOUNT_EVENTS,
  type AccountDataList,
  accountDataEventSchema,
  type AccountEventBody,
  accountDataListSchema,
  accountDataRecordSchema,
  accountDataVersionSchema,
  type Bytes,
  equalBytes,
  fromBase64Url,
  paths,
  Refusal,
  sha256,
  toBase64Url,
  type UserUri,
  utf8Decode,
} from "@treehouse/protocol";

import { type DataEntries, type DataRow, type LocalTx, nothingOf } from "../../storage/index.ts";
import { createSerial } from "../../transport/index.ts";
import type { AccountContext } from "../context.ts";
import { mergeEntries } from "./merge-entries.ts";
import { applyPins, writeSeen } from "./pins.ts";
import { recordNames } from "./records.ts";
import { openRecord, placeOf, sealRecord, slotOf } from "./seal-record.ts";

/**
 * `merged`: another client has chosen something. The rest is what only a server that was set back, or
 * lies, can cause: an older version than one that was there, another in the place of one that was, or
 * one that no client of the user has sealed. What this client has is written anew then.
 */
export type DataChange = "merged" | "rolledBack" | "forked" | "damaged";

/** What the user's clients keep for each other at the server, sealed (decision 40). */
export interface AccountData {
  /** Writes what was chosen in a transaction before. Waits for what is under way. */
  push(): Promise<void>;
  /** Fetches what others wrote, and writes what is not written yet. */
  catchUp(): Promise<void>;
  /** The same in a moment, and again for as long as the server cannot take it. */
  soon(): void;
  /** Takes in an account event, in the inbox's transaction; answers what is to be done after it. */
  apply(tx: LocalTx, event: AccountEventBody): () => void;
}

const attemptsMax = 8;
const spreadMs = 300;
const retryMs = 1_000;
const passing: readonly string[] = ["rateLimited", "conflict", "unavailable", "storageFull"];

/** Runs something once after so many milliseconds; does nothing while it waits to run something. */
export type Later = (delayMs: number, run: () => void) => void;

/** Without `key`, as in a store from before there was account data, everything stays here. */
export function createAccountData(
  context: AccountContext,
  {
    user,
    key,
    note,
  }: {
    readonly user: UserUri;
    readonly key: Bytes | undefined;
    /** Notes what others may need of what this client has come to know, before it is written. */
    readonly note: (tx: LocalTx) => void;
  },
  tell: (told: { readonly record: string; readonly change: DataChange }) => void,
  later: Later,
): AccountData {
  if (key === undefined) return nowhere;
  const { api, crypto, store } = context;
  const serial = createSerial();
  const slots = new Map(recordNames.map((record) => [record, slotOf(crypto, key, record)]));

  /** Takes in the server's version of a record, whichever it is. */
  const fetch = async (record: string, slot: string, row: DataRow): Promise<void> => {
    const answer = await api.json("GET", paths.accountDataRecord(slot), accountDataRecordSchema);
    const sealed = fromBase64Url(answer.sealed);
    const { version } = answer;
    const place = placeOf(user, slot, version);
    const opened = openRecord(crypto, key, { place, sealed });
    const forked =
      row.version > 0 &&
      version === row.version + 1 &&
      opened !== undefined &&
      !equalBytes(opened.previous, row.hash);
    const remote = opened?.entries ?? {};
    const { differing, isNews } = await store.transaction((tx) => {
      const known = tx.accountData.get(record);
      const entries = mergeEntries(known.entries, remote);
      const differs = JSON.stringify(entries) !== JSON.stringify(mergeEntries(remote, {}));
      const changed = opened === undefined || differs;
      tx.accountData.put({ record, version, hash: sha256(sealed), changed, entries });
      return {
        differing: applyPins(tx, { before: known.entries, remote }),
        isNews: !sameEntries(entries, known.entries),
      };
    });
    if (opened === undefined) tell({ record, change: "damaged" });
    if (forked) tell({ record, change: "forked" });
    if (isNews) tell({ record, change: "merged" });
    for (const one of differing) {
      context.alarm({ user: one, kind: "keyChanged", text: differingText });
    }
  };

  const pull = async (): Promise<void> => {
    const { records } = await api.json("GET", paths.accountData(), accountDataListSchema);
    const rows = await store.transaction((tx) => {
      const known = tx.accountData.list();
      return new Map(known.map((row) => [row.record, row]));
    });
    for (const [record, slot] of slots) {
      const row = rows.get(record) ?? nothingOf(record);
      const version = versionIn(records, slot);
      if (version === row.version) continue;
      if (version < row.version) tell({ record, change: "rolledBack" });
      if (version > 0) await fetch(record, slot, row);
      else {
        await store.transaction((tx) => {
          const known = tx.accountData.get(record);
          tx.accountData.put({ ...known, version: 0, hash: new Uint8Array(), changed: true });
        });
      }
    }
  };

  const write = async (record: string, slot: string): Promise<void> => {
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const row = await store.transaction((tx) => tx.accountData.get(record));
      if (!row.changed) return;
      const { version: expectedVersion, entries } = row;
      const previous = expectedVersion === 0 ? new Uint8Array(32) : row.hash;
      const place = placeOf(user, slot, expectedVersion + 1);
      const sealed = sealRecord(crypto, key, { place, previous, entries });
      const body = { expectedVersion, sealed: toBase64Url(sealed) };
      const path = paths.accountDataRecord(slot);
      try {
        const { version } = await api.json("PUT", path, accountDataVersionSchema, body);
        await store.transaction((tx) => {
          const known = tx.accountData.get(record);
          const changed = !sameEntries(known.entries, entries);
          tx.accountData.put({ ...known, version, hash: sha256(sealed), changed });
        });
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== "conflict") throw error;
        await fetch(record, slot, row);
      }
    }
    throw new Refusal("conflict", "other clients keep writing the same account data: try again");
  };

  const pushNow = async (): Promise<void> => {
    const rows = await store.transaction((tx) => {
      writeSeen(tx, user);
      note(tx);
      return tx.accountData.list();
    });
    for (const { record, changed } of rows) {
      const slot = slots.get(record);
      if (changed && slot !== undefined) await write(record, slot);
    }
  };

  let queued: Promise<void> | undefined;
  const catchUp = (): Promise<void> => {
    // One that has not begun yet finds everything that is there when it does.
    queued ??= serial.run(async () => {
      queued = undefined;
      await pull();
      await pushNow();
    });
    return queued;
  };
  /** Not all of a user's clients at the same moment: each write of one is a conflict for the others. */
  const soon = (delayMs = 0): void => {
    const spread = ((crypto.random(1)[0] ?? 0) / 255) * spreadMs;
    later(delayMs + spread, () => {
      catchUp().catch((error: unknown) => {
        // A server that is away, or a session that is over, is caught up with at the next connection.
        if (!(error instanceof Refusal) || !passing.includes(error.code)) return;
        soon(error.data.retryAfterMs ?? retryMs);
      });
    });
  };

  return {
    push: () => serial.run(pushNow),
    catchUp,
    soon: () => soon(),
    apply(tx, { name, data }) {
      if (name !== ACCOUNT_EVENTS.accountDataChanged) return () => undefined;
      if (isKnown(tx, slots, data)) return () => undefined;
      return () => soon();
    },
  };
}

const nowhere: AccountData = {
  push: () => Promise.resolve(),
  catchUp: () => Promise.resolve(),
  soon: () => undefined,
  apply: () => () => undefined,
};

const differingText =
  "your clients were shown different identity keys. Ask that person by other means, and compare the " +
  "safety number before you accept the key.";

/** Whether an event tells of what this client has, or of nothing that it can read. */
function isKnown(tx: LocalTx, slots: ReadonlyMap<string, string>, data: Bytes): boolean {
  const told = readEvent(data);
  const [record] = [...slots].find(([, slot]) => slot === told?.slot) ?? [];
  if (told === undefined || record === undefined) return true;
  return tx.accountData.get(record).version >= told.version;
}

function readEvent(data: Bytes) {
  try {
    return accountDataEventSchema.safeParse(JSON.parse(utf8Decode(data))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}

function versionIn(records: AccountDataList["records"], slot: string): number {
  return records.find((one) => one.slot === slot)?.version ?? 0;
}

function sameEntries(one: DataEntries, other: DataEntries): boolean {
  return JSON.stringify(mergeEntries(one, {})) === JSON.stringify(mergeEntries(other, {}));
}
