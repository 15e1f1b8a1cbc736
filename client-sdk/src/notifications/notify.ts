import type { RoomUri } from "@treehouse/protocol";

import { findTerms, piecesOf } from "../search/index.ts";
import { zonedTime } from "../zone/index.ts";

/** What of a conversation is told aloud: everything, what names the user or one of their words, nothing. */
export type NotificationLevel = "all" | "mentions" | "none";

/** Every week, by the clock of a zone. Over midnight they belong to the day on which they begin. */
export type QuietHours = {
  readonly id: string;
  /** 0: Sunday. */
  readonly days: readonly number[];
  /** `22:00`. With the same `to` it is the whole day. */
  readonly from: string;
  readonly to: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
};

/** What the user has chosen; the most specific counts. */
export type NotificationRules = {
  readonly groups: NotificationLevel;
  readonly direct: NotificationLevel;
  /** Conversations with a choice of their own. */
  readonly rooms: Readonly<Record<RoomUri, RoomRule>>;
  readonly keywords: readonly string[];
  readonly quiet: readonly QuietHours[];
  /** In quiet hours, what names the user is told aloud all the same. */
  readonly quietMentions: boolean;
  /** Nothing is told aloud until then, in milliseconds since the Unix epoch. */
  readonly pausedUntil: number | undefined;
};

export type RoomRule = {
  readonly level?: NotificationLevel | undefined;
  readonly muted?: number | "always" | undefined;
};

/** A message, as far as it matters here. */
export type Arrived = {
  readonly room: RoomUri;
  readonly direct: boolean;
  readonly own: boolean;
  readonly blocked: boolean;
  /** On whichever client. */
  readonly read: boolean;
  /** It names the user. */
  readonly mention: boolean;
  readonly text: string;
};

/** `silent`: it is shown and counted, without a sound. */
export type Verdict = {
  readonly level: "none" | "silent" | "alert";
  readonly reason: NotificationReason;
};

export type NotificationReason =
  | "own"
  | "blocked"
  | "read"
  | "muted"
  | "off"
  | "mentionsOnly"
  | "paused"
  | "quietHours"
  | "mention"
  | "keyword"
  | "direct"
  | "message";

/** Whether somebody is told of a message at a moment, and why. */
export function notify(message: Arrived, rules: NotificationRules, now: number): Verdict {
  const { room, direct, mention } = message;
  if (message.own) return { level: "none", reason: "own" };
  if (message.blocked) return { level: "none", reason: "blocked" };
  if (message.read) return { level: "none", reason: "read" };
  const { muted = 0, level = direct ? rules.direct : rules.groups } = rules.rooms[room] ?? {};
  if (muted === "always" || muted > now) {
    return { level: mention ? "silent" : "none", reason: "muted" };
  }
  if (level === "none") return { level: "none", reason: "off" };
  const reason = reasonFor(message, rules);
  if (level === "mentions" && reason !== "mention" && reason !== "keyword") {
    return { level: "silent", reason: "mentionsOnly" };
  }
  if ((rules.pausedUntil ?? 0) > now) return { level: "silent", reason: "paused" };
  const quiet = rules.quiet.some((hours) => isQuiet(hours, now));
  if (quiet && !(mention && rules.quietMentions)) return { level: "silent", reason: "quietHours" };
  return { level: "alert", reason };
}

function reasonFor(
  { mention, direct, text }: Arrived,
  { keywords }: NotificationRules,
): "mention" | "keyword" | "direct" | "message" {
  if (mention) return "mention";
  if (keywords.some((keyword) => isIn(keyword, text))) return "keyword";
  return direct ? "direct" : "message";
}

/** As whole words, however they are written. */
function isIn(keyword: string, text: string): boolean {
  const pieces = piecesOf(keyword);
  if (pieces.length === 0) return false;
  return findTerms([{ pieces, open: false, negative: false }], [text]) !== undefined;
}

export function isQuiet({ days, from, to, timeZone }: QuietHours, now: number): boolean {
  const { weekday, minutes } = zonedTime(now, timeZone);
  const [start, end] = [minutesOf(from), minutesOf(to)];
  const today = days.includes(weekday);
  if (start === end) return today;
  if (start < end) return today && minutes >= start && minutes < end;
  const yesterday = days.includes((weekday + 6) % 7);
  return (today && minutes >= start) || (yesterday && minutes < end);
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
