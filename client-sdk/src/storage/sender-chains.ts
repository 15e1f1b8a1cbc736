import {
  type ClientUri,
  parseClientUri,
  type RoomUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import { bytesOf, type SqlRow, type SqlTx, textOf } from "./port.ts";
import type { Seal } from "./seal.ts";

const stateSchema = z.object({
  /** Of the newest message. */
  counter: z.int().nonnegative(),
  /** Hex of its id; empty where no message came before. */
  messageId: z.string(),
  /** Counters that never came: ranges, ascending, both ends inclusive. */
  missing: z.array(z.tuple([z.int(), z.int()])),
  /** Entries of the room were passed over: what comes next begins anew, and nothing is missing. */
  loose: z.boolean(),
  /** Of the own client: what is on its way, and takes its place once the hub has taken it. */
  pending: z.object({ serial: z.int(), counter: z.int(), messageId: z.string() }).optional(),
});

/** Where a client stands in its own messages into one room. */
export type SenderState = z.infer<typeof stateSchema>;

export interface SenderChains {
  get(room: RoomUri, client: ClientUri): SenderState | undefined;
  put(room: RoomUri, client: ClientUri, state: SenderState): void;
  /** By client. */
  list(room: RoomUri): readonly { readonly client: ClientUri; readonly state: SenderState }[];
  /** Entries were passed over: from nobody is anything missing. */
  loosen(room: RoomUri): void;
}

export function createSenderChains(sql: SqlTx, seal: Seal): SenderChains {
  const place = (room: string, client: string) => `sender_chains/${room}/${client}`;
  const parse = (row: SqlRow): SenderState => {
    const sealed = bytesOf(row, "sealed_state");
    const text = utf8Decode(seal.open(place(textOf(row, "room"), textOf(row, "client")), sealed));
    return stateSchema.parse(JSON.parse(text));
  };
  const put = (room: string, client: string, state: SenderState) => {
    sql.run(
      `INSERT INTO sender_chains (room, client, sealed_state) VALUES (?, ?, ?)
       ON CONFLICT (room, client) DO UPDATE SET sealed_state = excluded.sealed_state`,
      room,
      client,
      seal.seal(place(room, client), utf8Encode(JSON.stringify(state))),
    );
  };
  return {
    get(room, client) {
      const row = sql.all(
        "SELECT * FROM sender_chains WHERE room = ? AND client = ?",
        room,
        client,
      )[0];
      return row === undefined ? undefined : parse(row);
    },
    put,
    list: (room) =>
      sql
        .all("SELECT * FROM sender_chains WHERE room = ? ORDER BY client", room)
        .map((row) => ({ client: parseClientUri(textOf(row, "client")), state: parse(row) })),
    loosen(room) {
      const rows = sql.all("SELECT * FROM sender_chains WHERE room = ? ORDER BY client", room);
      for (const row of rows) put(room, textOf(row, "client"), { ...parse(row), loose: true });
    },
  };
}
