import {
  attachmentsOf,
  decodeContent,
  decodeMessageStatus,
  profileOf,
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
import { fileVectors } from "./file-vectors.ts";
import { jsonValue } from "./json-value.ts";
import { roomVectors } from "./room-vectors.ts";

const refusal = (decode: () => unknown): string => {
  try {
    decode();
    return "value";
  } catch (error) {
    return error instanceof Refusal ? error.code : "another error";
  }
};

describe("the vectors of room state and content", () => {
  it("FED-1130 FED-1133 of room state decode, encode and are refused as they say", () => {
    const room = roomVectors();
    for (const { hex } of room.states) {
      expect(toHex(encodeRoomState(decodeRoomState(fromHex(hex))))).toBe(hex);
    }
    for (const { name, hex } of room.malformed) {
      expect([name, refusal(() => decodeRoomState(fromHex(hex)))]).toEqual([name, "malformed"]);
    }
  });

  it("of content decode, encode and are refused as they say", () => {
    const content = contentVectors();
    for (const { hex } of content.messages) {
      expect(toHex(encodeContent(decodeContent(fromHex(hex))))).toBe(hex);
    }
    for (const { hex } of content.statuses) {
      expect(toHex(encodeMessageStatus(decodeMessageStatus(fromHex(hex))))).toBe(hex);
    }
    for (const { hex, profile } of content.profiles) {
      expect(profileOf(decodeContent(fromHex(hex)))).toEqual(profile);
    }
    for (const { name, hex } of content.malformed) {
      expect([name, refusal(() => decodeContent(fromHex(hex)))]).toEqual([name, "malformed"]);
    }
  });

  it("of files decode, encode and say what they say", () => {
    for (const { hex, files, refused } of fileVectors().messages) {
      const content = decodeContent(fromHex(hex));
      expect(toHex(encodeContent(content))).toBe(hex);
      const read = attachmentsOf(content);
      expect([jsonValue(read.files), read.refused]).toEqual([files, refused]);
    }
  });
});
