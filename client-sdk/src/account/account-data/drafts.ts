import { Refusal, type RoomUri, sha256, toHex, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import { DRAFTS_RECORD } from "./records.ts";

const draftSchema = z.object({
  text: z.string(),
  /** Id of the message that it is to answer. */
  inReplyTo: z.string().optional(),
  format: z.enum(["plain", "markdown"]).optional(),
});

/** What the user has begun to write, the same on all clients. */
export type Draft = z.infer<typeof draftSchema>;

/** Octets of all drafts as JSON: they share one record, and a record has a bound at the server. */
const draftsBytesMax = 24 * 1024;
/** So long it is remembered that a draft is none any more, for clients that were away. */
const forgetMs = 30 * 24 * 60 * 60 * 1000;

/** Where a draft stands: in a conversation, or in one of its threads (hex of the MIMI topic). */
export type DraftPlace = { readonly room: RoomUri; readonly topic: string };

export function draftAt(tx: LocalTx, place: DraftPlace): Draft | undefined {
  return draftSchema.safeParse(tx.accountData.get(DRAFTS_RECORD).entries[keyOf(place)]?.value).data;
}

/** Undefined: there is none any more. Refuses `limitExceeded`. */
export function writeDraft(
  tx: LocalTx,
  place: DraftPlace,
  { draft, at }: { readonly draft: Draft | undefined; readonly at: number },
): void {
  const row = tx.accountData.get(DRAFTS_RECORD);
  const kept = Object.entries(row.entries).filter(
    ([key, entry]) => key !== keyOf(place) && (entry.value !== null || at - entry.at < forgetMs),
  );
  const known = row.entries[keyOf(place)] !== undefined;
  const added = draft === undefined && !known ? [] : [[keyOf(place), { value: draft ?? null, at }]];
  const entries = Object.fromEntries([...kept, ...added]);
  const limit = draftsBytesMax;
  if (draft !== undefined && utf8Encode(JSON.stringify(entries)).length > limit) {
    const text = `all drafts together have at most ${limit} octets`;
    throw new Refusal("limitExceeded", text, { limitName: "draftsBytesMax", limit });
  }
  tx.accountData.put({ ...row, changed: true, entries });
}

/** What answers a message that is gone goes as well. */
export function dropDraftsAbout(tx: LocalTx, room: RoomUri, messageId: string, at: number): void {
  const row = tx.accountData.get(DRAFTS_RECORD);
  const about = Object.entries(row.entries).filter(
    ([key, { value }]) =>
      key.startsWith(`${room} `) && draftSchema.safeParse(value).data?.inReplyTo === messageId,
  );
  if (about.length === 0) return;
  const gone = about.map(([key]) => [key, { value: null, at }]);
  const entries = { ...row.entries, ...Object.fromEntries(gone) };
  tx.accountData.put({ ...row, changed: true, entries });
}

function keyOf({ room, topic }: DraftPlace): string {
  return `${room} ${topic === "" ? "" : toHex(sha256(utf8Encode(topic)))}`;
}
