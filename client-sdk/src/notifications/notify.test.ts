import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";

import {
  type Arrived,
  isQuiet,
  notify,
  type NotificationLevel,
  type NotificationRules,
} from "./notify.ts";

const room = mintRoomUri(parseDomain("example.org"), (length) => new Uint8Array(length));
/** A Tuesday, half past ten in the evening in Rome. */
const now = Date.parse("2026-03-10T21:30:00Z");
const message: Arrived = {
  room,
  direct: false,
  own: false,
  blocked: false,
  read: false,
  mention: false,
  text: "who brings the cake?",
};
const rules: NotificationRules = {
  groups: "all",
  direct: "all",
  rooms: {},
  keywords: [],
  quiet: [],
  quietMentions: false,
  pausedUntil: undefined,
};
const night = { id: "n", days: [2], from: "22:00", to: "07:00", timeZone: "Europe/Rome" };

test.each<[string, Partial<Arrived>, Partial<NotificationRules>, string]>([
  ["a message", {}, {}, "alert message"],
  ["in a pair", { direct: true }, {}, "alert direct"],
  ["a mention", { mention: true }, {}, "alert mention"],
  ["one's own", { own: true, mention: true }, {}, "none own"],
  ["of somebody blocked", { blocked: true, mention: true }, {}, "none blocked"],
  ["read elsewhere", { read: true, mention: true }, {}, "none read"],
  ["a keyword", {}, { keywords: ["Cake"] }, "alert keyword"],
  ["a part of a word", {}, { keywords: ["cak"] }, "alert message"],
  ["muted", {}, { rooms: { [room]: { muted: "always" } } }, "none muted"],
  ["muted, by name", { mention: true }, { rooms: { [room]: { muted: now + 1 } } }, "silent muted"],
  ["muted before", {}, { rooms: { [room]: { muted: now } } }, "alert message"],
  [
    "muted, a keyword",
    {},
    { keywords: ["cake"], rooms: { [room]: { muted: "always" } } },
    "none muted",
  ],
  ["paused", { mention: true }, { pausedUntil: now + 1 }, "silent paused"],
  ["paused before", {}, { pausedUntil: now }, "alert message"],
  ["at night", {}, { quiet: [night] }, "silent quietHours"],
  ["at night, by name", { mention: true }, { quiet: [night] }, "silent quietHours"],
  ["let through", { mention: true }, { quiet: [night], quietMentions: true }, "alert mention"],
  ["not let through", {}, { quiet: [night], quietMentions: true }, "silent quietHours"],
])("R-115 %s: %j with %j is %s", (_title, parts, chosen, expected) => {
  const { level, reason } = notify({ ...message, ...parts }, { ...rules, ...chosen }, now);
  expect(`${level} ${reason}`).toBe(expected);
});

const levels: readonly NotificationLevel[] = ["all", "mentions", "none"];
const expected: Record<NotificationLevel, readonly [string, string]> = {
  all: ["alert", "alert"],
  mentions: ["silent", "alert"],
  none: ["none", "none"],
};

test.each(levels.flatMap((global) => [undefined, ...levels].map((own) => [global, own] as const)))(
  "R-115 with %s for groups and %s for the conversation, the more specific counts",
  (global, own) => {
    const chosen = { ...rules, groups: global, rooms: { [room]: { level: own } } };
    const [plain, mention] = expected[own ?? global];
    expect(notify(message, chosen, now).level).toBe(plain);
    expect(notify({ ...message, mention: true }, chosen, now).level).toBe(mention);
    // Pairs go by a choice of their own.
    const pair = { ...message, direct: true };
    expect(notify(pair, { ...rules, groups: global }, now).level).toBe("alert");
  },
);

test.each([
  ["Tue 22:00 to 07:00", "2026-03-10T20:59:59Z", false],
  ["Tue 22:00 to 07:00", "2026-03-10T21:00:00Z", true],
  ["Tue 22:00 to 07:00", "2026-03-11T05:59:59Z", true],
  ["Tue 22:00 to 07:00", "2026-03-11T06:00:00Z", false],
  ["Tue 22:00 to 07:00", "2026-03-11T21:30:00Z", false],
  ["Tue 22:00 to 07:00", "2026-03-10T05:00:00Z", false],
  ["Tue 12:00 to 14:00", "2026-03-10T12:30:00Z", true],
  ["Tue 12:00 to 14:00", "2026-03-10T13:00:00Z", false],
  ["Tue 00:00 to 00:00", "2026-03-09T23:00:00Z", true],
  ["Tue 00:00 to 00:00", "2026-03-10T23:00:00Z", false],
])("quiet hours %s in Rome at %s: %j", (hours, at, quiet) => {
  const [, from = "", , to = ""] = hours.split(" ");
  expect(isQuiet({ ...night, from, to }, Date.parse(at))).toBe(quiet);
});
