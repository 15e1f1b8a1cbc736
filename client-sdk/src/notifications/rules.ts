import { Refusal, type RoomUri, toBase64Url } from "@treehouse/protocol";
import { z } from "zod";

import { placeOf, SETTINGS_RECORD, writePlace } from "../account/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { isTimeZone } from "../zone/index.ts";
import type { NotificationLevel, NotificationRules, QuietHours, RoomRule } from "./notify.ts";

/** What is to be otherwise; what is not named stays. */
export type NotificationChange = {
  readonly groups?: NotificationLevel;
  readonly direct?: NotificationLevel;
  readonly quietMentions?: boolean;
  /** Null: at once. */
  readonly pausedUntil?: number | null;
  readonly addKeywords?: readonly string[];
  readonly removeKeywords?: readonly string[];
  readonly addQuiet?: readonly Omit<QuietHours, "id">[];
  /** By id. */
  readonly removeQuiet?: readonly string[];
};

const levelSchema = z.enum(["all", "mentions", "none"]);
const timeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/);
const quietSchema = z.object({
  days: z.array(z.int().min(0).max(6)).min(1),
  from: timeSchema,
  to: timeSchema,
  timeZone: z.string().refine(isTimeZone),
});
const keywordsMax = 100;
const keywordMax = 64;
const quietMax = 20;

/** All of them, the same on all of the user's clients; what is not understood is as if not chosen. */
export function rulesOf(tx: LocalTx): NotificationRules {
  const { entries } = tx.accountData.get(SETTINGS_RECORD);
  const chosen = (start: string) =>
    Object.entries(entries).flatMap(([key, { value }]) =>
      key.startsWith(start) ? [{ name: key.slice(start.length), value }] : [],
    );
  const level = (key: string) => levelSchema.safeParse(entries[key]?.value).data ?? "all";
  const rooms: Record<RoomUri, RoomRule> = {};
  for (const { room } of tx.rooms.list()) {
    const rule = roomRuleOf(tx, room);
    if (rule.level !== undefined || rule.muted !== undefined) rooms[room] = rule;
  }
  return {
    groups: level("notify groups"),
    direct: level("notify direct"),
    rooms,
    keywords: chosen("notify keyword ").flatMap(({ name, value }) =>
      value === true ? [name] : [],
    ),
    quiet: chosen("notify quiet ").flatMap(({ name: id, value }) => {
      const hours = quietSchema.safeParse(value).data;
      return hours === undefined ? [] : [{ id, ...hours }];
    }),
    quietMentions: entries["notify quietMentions"]?.value === true,
    pausedUntil: z.int().safeParse(entries["notify pause"]?.value).data,
  };
}

/** Enough for one message: of all conversations only the one that it is in. */
export function rulesFor(tx: LocalTx, room: RoomUri): NotificationRules {
  return { ...rulesOf(tx), rooms: { [room]: roomRuleOf(tx, room) } };
}

function roomRuleOf(tx: LocalTx, room: RoomUri): RoomRule {
  const { level, muted } = placeOf(tx, room);
  return {
    ...(level === undefined ? {} : { level }),
    ...(muted === undefined ? {} : { muted }),
  };
}

export function writeRules(
  tx: LocalTx,
  {
    change,
    at,
    random,
  }: {
    readonly change: NotificationChange;
    readonly at: number;
    readonly random: (length: number) => Uint8Array;
  },
): void {
  const set = (key: string, value: z.core.util.JSONType | undefined): void => {
    if (value !== undefined) tx.accountData.set(SETTINGS_RECORD, key, { value, at });
  };
  set("notify groups", change.groups);
  set("notify direct", change.direct);
  set("notify quietMentions", change.quietMentions);
  set("notify pause", change.pausedUntil);
  for (const keyword of change.addKeywords ?? []) set(`notify keyword ${checked(keyword)}`, true);
  for (const keyword of change.removeKeywords ?? []) set(`notify keyword ${keyword}`, null);
  for (const hours of change.addQuiet ?? []) {
    const read = quietSchema.safeParse(hours);
    if (!read.success) {
      const text = "quiet hours need days from 0 to 6, two times such as 22:00, and a time zone";
      throw new Refusal("malformed", text);
    }
    set(`notify quiet ${toBase64Url(random(6))}`, read.data);
  }
  for (const id of change.removeQuiet ?? []) set(`notify quiet ${id}`, null);
  const { keywords, quiet } = rulesOf(tx);
  if (keywords.length > keywordsMax) throw tooMany("keywordsMax", keywordsMax);
  if (quiet.length > quietMax) throw tooMany("quietHoursMax", quietMax);
}

export function writeRoomLevel(
  tx: LocalTx,
  room: RoomUri,
  { level, at }: { readonly level: NotificationLevel | null; readonly at: number },
): void {
  writePlace(tx, room, { change: { level }, at });
}

function checked(keyword: string): string {
  if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(keyword) && keyword.length <= keywordMax) {
    return keyword;
  }
  throw new Refusal(
    "malformed",
    `a keyword has letters or digits, and at most ${keywordMax} characters`,
  );
}

function tooMany(limitName: string, limit: number): Refusal {
  return new Refusal("limitExceeded", `there are at most ${limit} of them`, { limitName, limit });
}
