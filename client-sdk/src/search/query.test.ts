import { expect, test } from "vitest";

import { parseQuery } from "./index.ts";

const clock = { now: Date.parse("2026-03-10T12:00:00Z"), timeZone: "Europe/Rome" };
const parse = (text: string) => parseQuery(text, clock);
const wordsIn = (text: string) =>
  parse(text).terms.map(({ pieces, open, negative }) => [
    (negative ? "-" : "") + pieces.map((piece) => piece.text).join(" "),
    open,
  ]);

test("R-123 a query has words, phrases and exclusions, and its last word may go on", () => {
  expect(wordsIn('Köln "two words" -red* pla')).toEqual([
    ["koln", false],
    ["two words", false],
    ["-red", false],
    ["pla", true],
  ]);
  expect(wordsIn("plan ")).toEqual([["plan", false]]);
  expect(wordsIn("pla* more ")).toEqual([
    ["pla", true],
    ["more", false],
  ]);
  expect(wordsIn("10:30 http://x.example/a ")).toEqual([
    ["10 30", false],
    ["http x example a", false],
  ]);
});

test("R-124 a query has conditions", () => {
  const query = parse('from:bob -from:"Dr. No" in:"Tea room" has:Link -is:unread kind:poll cake');
  expect(query.from).toEqual([
    { text: "bob", negative: false, position: 5 },
    { text: "Dr. No", negative: true, position: 15 },
  ]);
  expect(query.in.map(({ text }) => text)).toEqual(["Tea room"]);
  expect(query.has).toEqual([{ value: "link", negative: false }]);
  expect(query.is).toEqual([{ value: "unread", negative: true }]);
  expect(query.kind).toEqual([{ value: "poll", negative: false }]);
});

test.each([
  ["on:2026-03-29", "2026-03-28T23:00Z", "2026-03-29T22:00Z"],
  ["on:2026-02", "2026-01-31T23:00Z", "2026-02-28T23:00Z"],
  ["on:2025", "2024-12-31T23:00Z", "2025-12-31T23:00Z"],
  ["on:today", "2026-03-09T23:00Z", "2026-03-10T23:00Z"],
  ["on:yesterday", "2026-03-08T23:00Z", "2026-03-09T23:00Z"],
  ["before:2026-03-10", undefined, "2026-03-09T23:00Z"],
  ["after:2026-03-10", "2026-03-10T23:00Z", undefined],
  ["after:2h", "2026-03-10T10:00Z", undefined],
  ["after:2026-03-10T08:30", "2026-03-10T07:30Z", undefined],
  ["before:2026-03-10T08:30:10+05:00", undefined, "2026-03-10T03:30:10Z"],
  ["after:2026-01 before:2026-03", "2026-01-31T23:00Z", "2026-02-28T23:00Z"],
])("R-124 %s is from %s to %s", (text, since, until) => {
  const at = (time: string | undefined) => (time === undefined ? undefined : Date.parse(time));
  expect(parse(text)).toMatchObject({ since: at(since), until: at(until) });
});

test("a day begins when its clock does, also where midnight is skipped", () => {
  const beirut = { now: 0, timeZone: "Asia/Beirut" };
  // The clocks went from midnight to one.
  expect(parseQuery("on:2024-03-31", beirut).since).toBe(Date.parse("2024-03-30T22:00Z"));
  const apia = { now: 0, timeZone: "Pacific/Apia" };
  expect(parseQuery("on:2026-06-01", apia).since).toBe(Date.parse("2026-05-31T11:00Z"));
});

test.each([
  ["", "empty", 0],
  ['tea "cake', "unclosedQuote", 4],
  ["form:bob", "unknownField", 0],
  ["tea from:", "unknownValue", 9],
  ["has:nothing", "unknownValue", 4],
  ["is:", "unknownValue", 3],
  ["on:2026-02-30", "badDate", 3],
  ["on:7d", "badDate", 3],
  ["before:soon", "badDate", 7],
  ["-on:today", "unknownValue", 0],
  ["tea ?!", "nothingToFind", 4],
  [`${"a ".repeat(32)}b`, "tooLong", 64],
  ["x".repeat(1001), "tooLong", 1000],
])("R-123 the query %j is refused as %s at %i", (text, code, position) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code, position }));
});
