import { expect, test } from "vitest";
import {
  formatRoomLink,
  fromHex,
  isKnock,
  joinLinkKey,
  joinLinksCodec,
  joinTicketCodec,
  knockCodec,
  parseRoomLink,
  parseRoomUri,
  Refusal,
  toHex,
} from "@treehouse/protocol";
import { readVectorFile } from "../src/load-vectors.ts";
import { signingKeyOf, verifySignature } from "../src/signing-keys.ts";

interface JoinFile {
  readonly seed: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly links: readonly { readonly hex: string; readonly value: readonly unknown[] }[];
  readonly tickets: readonly { readonly message: string; readonly ticket: string }[];
  readonly knock: string;
  readonly texts: readonly {
    readonly room: string;
    readonly seed: string | null;
    readonly metadataKey: string | null;
    readonly text: string;
  }[];
  readonly malformed: readonly { readonly name: string; readonly text: string }[];
}

const file: JoinFile = JSON.parse(readVectorFile("join.json"));

const bytesOf = (hex: string | null) => (hex === null ? undefined : fromHex(hex));

test("FED-1081 FED-1080 a link's key comes from its seed, and its row is encoded as the file says", () => {
  expect(toHex(joinLinkKey(fromHex(file.seed)))).toBe(file.privateKey);
  expect(toHex(signingKeyOf(fromHex(file.privateKey)).publicKey)).toBe(file.publicKey);
  for (const { hex, value } of file.links) {
    const links = joinLinksCodec.decode(fromHex(hex));
    expect(links).toHaveLength(value.length);
    expect(toHex(joinLinksCodec.encode(links))).toBe(hex);
    expect(links.map(({ key }) => toHex(key))).toEqual([file.publicKey]);
  }
});

test("FED-1084 FED-1087 FED-1090 tickets are signed by the link's key over what the file says", () => {
  for (const { message, ticket } of file.tickets) {
    const { key, signature } = joinTicketCodec.decode(fromHex(ticket));
    expect(toHex(key)).toBe(file.publicKey);
    expect(verifySignature(key, fromHex(message), signature)).toBe(true);
    expect(isKnock(fromHex(ticket))).toBe(false);
  }
  expect(isKnock(fromHex(file.knock))).toBe(true);
  expect(toHex(knockCodec.decode(fromHex(file.knock)).key)).toBe(file.publicKey);
});

test("FED-1088 links are read as they are written, and what was not copied whole is refused", () => {
  for (const { room, seed, metadataKey, text } of file.texts) {
    const link = {
      room: parseRoomUri(room),
      seed: bytesOf(seed),
      metadataKey: bytesOf(metadataKey),
    };
    expect(formatRoomLink(link)).toBe(text);
    expect(parseRoomLink(text)).toEqual(link);
    expect(parseRoomLink(` ${text.replace("treehouse:", "https://chat.example/")}\n`)).toEqual(
      link,
    );
    expect(text).not.toMatch(/\s/);
  }
  for (const { text } of file.malformed) {
    expect(() => parseRoomLink(text)).toThrow(Refusal);
  }
});
