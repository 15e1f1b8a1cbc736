import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  decodeContent,
  decodeMessageStatus,
  decodeRoomState,
  encodeContent,
  encodeMessageStatus,
  encodeRoomState,
  fromHex,
  Refusal,
  toHex,
} from "@treehouse/protocol";
import { describe, expect, it } from "vitest";
import { contentVectors } from "./content-vectors.ts";
import { roomVectors } from "./room-vectors.ts";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../vectors", name), "utf8"));

const refusal = (decode: () => unknown): string => {
  try {
    decode();
    return "value";
  } catch (error) {
    return error instanceof Refusal ? error.code : "another error";
  }
};

describe("the vectors of room state and content", () => {
  it("are what the code gives", () => {
    expect(read("room.json")).toEqual(JSON.parse(JSON.stringify(roomVectors())));
    expect(read("content.json")).toEqual(JSON.parse(JSON.stringify(contentVectors())));
  });

  it("of room state decode, encode and are refused as they say", () => {
    const room = roomVectors();
    for (const { encoded } of room.states) {
      expect(toHex(encodeRoomState(decodeRoomState(fromHex(encoded))))).toBe(encoded);
    }
    for (const { name, encoded } of room.malformed) {
      expect([name, refusal(() => decodeRoomState(fromHex(encoded)))]).toEqual([name, "malformed"]);
    }
  });

  it("of content decode, encode and are refused as they say", () => {
    const content = contentVectors();
    for (const { encoded } of content.messages) {
      expect(toHex(encodeContent(decodeContent(fromHex(encoded))))).toBe(encoded);
    }
    for (const { encoded } of content.statuses) {
      expect(toHex(encodeMessageStatus(decodeMessageStatus(fromHex(encoded))))).toBe(encoded);
    }
    for (const { name, encoded } of content.malformed) {
      expect([name, refusal(() => decodeContent(fromHex(encoded)))]).toEqual([name, "malformed"]);
    }
  });
});
