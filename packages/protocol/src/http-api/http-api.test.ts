import { expect, test } from "vitest";
import { z } from "zod";
import { toBase64Url } from "../bytes/index.ts";
import { mintRoomUri, parseDomain } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import {
  base64Url,
  entriesQuerySchema,
  inviteRequestSchema,
  leaveRequestSchema,
  loginStartRequestSchema,
  paths,
  reserveRoomRequestSchema,
  roomsAnswerSchema,
  sessionAnswerSchema,
} from "./index.ts";

const room = mintRoomUri(parseDomain("a.example"), (length) => new Uint8Array(length));
const client = "mimi://a.example/d/alice/aaaaaaaaaaaaaaaaaaaaaaaaaa";

test("paths carry their variables as one segment", () => {
  expect(paths.found(room)).toBe(`/v1/rooms/${encodeURIComponent(room)}/found`);
  expect(paths.found(room).split("/")).toHaveLength(5);
  expect(paths.entries(room, { after: 3, limit: 9 })).toContain("/entries?after=3&limit=9");
  expect(paths.user("alice@a.example")).toBe("/v1/users/alice%40a.example");
  expect(paths.tree(room, 4).endsWith("/tree?epoch=4")).toBe(true);
});

test("requests are strict, answers tolerate what they do not know", () => {
  expect(reserveRoomRequestSchema.safeParse({ template: "group" }).success).toBe(true);
  expect(reserveRoomRequestSchema.safeParse({ template: "group", more: 1 }).success).toBe(false);
  expect(leaveRequestSchema.safeParse({ more: 1 }).success).toBe(false);
  const answer = { rooms: [{ room, epoch: 1, position: 2, later: true }], later: true };
  expect(roomsAnswerSchema.parse(answer)).toEqual({ rooms: [{ room, epoch: 1, position: 2 }] });
});

test("octets are base64url within their bounds", () => {
  const field = base64Url({ max: 5, min: 2 });
  for (let length = 0; length < 9; length++) {
    const text = toBase64Url(new Uint8Array(length));
    expect(field.safeParse(text).success, `${length}`).toBe(length >= 2 && length <= 5);
  }
  for (const text of ["AAA=", "A+AA", "AAAAA", "A A", ""]) {
    expect(field.safeParse(text).success).toBe(false);
  }
});

test("identifiers are checked and typed", () => {
  const good = { user: "mimi://a.example/u/alice", startLoginRequest: "AAAA", client };
  expect(loginStartRequestSchema.safeParse(good).success).toBe(true);
  for (const user of ["alice@a.example", "mimi://a.example/u/Alice", 7, ""]) {
    expect(loginStartRequestSchema.safeParse({ ...good, user }).success).toBe(false);
  }
});

test("numbers are bounded integers", () => {
  const uses = (value: unknown) => inviteRequestSchema.safeParse({ uses: value }).success;
  expect([1, LIMITS.inviteUsesMax].map(uses)).toEqual([true, true]);
  expect([0, -1, 1.5, LIMITS.inviteUsesMax + 1, "1"].map(uses)).not.toContain(true);
  expect(entriesQuerySchema.parse({ after: "12" })).toEqual({
    after: 12,
    limit: LIMITS.pageEntriesMax,
  });
  for (const after of ["-1", "1.5", "x", "9007199254740992"]) {
    expect(entriesQuerySchema.safeParse({ after }).success).toBe(false);
  }
});

test("the schemas can be told in an OpenAPI document", () => {
  const told = z.toJSONSchema(sessionAnswerSchema, { io: "input" });
  expect(told.properties).toMatchObject({ user: { type: "string" }, admin: { type: "boolean" } });
});
