import { type Bytes, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import { bytesOf, integerOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

const entrySchema = z.object({
  /** What was chosen; null: taken back. */
  value: z.json(),
  /** When, in milliseconds since the Unix epoch, by the clock of the client that chose it. */
  at: z.int().nonnegative(),
});
export const dataEntriesSchema = z.record(z.string(), entrySchema);

export type DataEntry = z.infer<typeof entrySchema>;
export type DataEntries = Readonly<Record<string, DataEntry>>;

/** A record of account data as this client has it. */
export type DataRow = {
  readonly record: string;
  /** The version at the server that the entries include; 0: none. */
  readonly version: number;
  /** Of that version as it was sealed; empty with version 0. */
  readonly hash: Bytes;
  /** There is something that the server does not have yet. */
  readonly changed: boolean;
  readonly entries: DataEntries;
};

/** What the user's clients keep for each other, one row per record. */
export interface AccountDataRows {
  /** Version 0 without entries when there is none. */
  get(record: string): DataRow;
  list(): readonly DataRow[];
  put(row: DataRow): void;
  /** Chooses a value; the record then is one to be written to the server. */
  set(record: string, key: string, entry: DataEntry): void;
  /** The same for many values at once: a record is sealed as a whole, however little of it changes. */
  setAll(record: string, entries: DataEntries): void;
}

/** A record that neither this client nor the server has. */
export function nothingOf(record: string): DataRow {
  return { record, version: 0, hash: new Uint8Array(), changed: false, entries: {} };
}

export function createAccountDataRows(sql: SqlTx, seal: Seal): AccountDataRows {
  const place = (record: string) => `account_data/${record}`;
  const parse = (row: SqlRow): DataRow => {
    const record = textOf(row, "record");
    const text = utf8Decode(seal.open(place(record), bytesOf(row, "sealed_entries")));
    return {
      record,
      version: integerOf(row, "version"),
      hash: bytesOf(row, "hash"),
      changed: integerOf(row, "changed") === 1,
      entries: dataEntriesSchema.parse(JSON.parse(text)),
    };
  };
  /** A transaction reads the same few records for each conversation. */
  const known = new Map<string, DataRow>();
  const get = (record: string): DataRow => {
    const read = known.get(record) ?? load(record);
    known.set(record, read);
    return read;
  };
  const load = (record: string): DataRow => {
    const row = sql.all("SELECT * FROM account_data WHERE record = ?", record)[0];
    return row === undefined ? nothingOf(record) : parse(row);
  };
  const put = (row: DataRow): void => {
    const { record, version, hash, changed, entries } = row;
    known.delete(record);
    sql.run(
      `INSERT INTO account_data (record, version, hash, changed, sealed_entries)
       VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (record) DO UPDATE SET version = excluded.version, hash = excluded.hash,
         changed = excluded.changed, sealed_entries = excluded.sealed_entries`,
      record,
      version,
      hash,
      changed ? 1 : 0,
      seal.seal(place(record), utf8Encode(JSON.stringify(entries))),
    );
    known.set(record, row);
  };
  const setAll = (record: string, entries: DataEntries): void => {
    const row = get(record);
    put({ ...row, changed: true, entries: { ...row.entries, ...entries } });
  };
  return {
    get,
    list: () =>
      sql
        .all("SELECT record FROM account_data ORDER BY record")
        .map((row) => get(textOf(row, "record"))),
    put,
    set: (record, key, entry) => setAll(record, { [key]: entry }),
    setAll,
  };
}
