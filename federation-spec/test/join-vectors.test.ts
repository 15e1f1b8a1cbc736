import { expect, test } from "vitest";
import {
  checkKnock,
  formatRoomLink,
  fromHex,
  isKnock,
  joinLinkKey,
  joinLinksCodec,
  joinTicketCodec,
  knockCodec,
  parseClientUri,
  parseRoomLink,
  parseRoomUri,
  parseUserUri,
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
  readonly knock: {
    readonly room: string;
    readonly at: number;
    readonly message: string;
    readonly hex: string;
    readonly user: string;
    readonly client: string;
    readonly identityKey: string;
  };
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
  expect(isKnock(fromHex(file.knock.hex))).toBe(true);
});

test("FED-1097 a knock is signed by its client, for one room and time, and holds nowhere else", () => {
  const { hex, at, user, client, identityKey, message } = file.knock;
  const room = parseRoomUri(file.knock.room);
  const messages: string[] = [];
  const judged = (bytes: Uint8Array, part: Partial<Parameters<typeof checkKnock>[1]> = {}) =>
    checkKnock(bytes, {
      room,
      at,
      verify: (key, signed, signature) => {
        messages.push(toHex(signed));
        return verifySignature(key, signed, signature);
      },
      ...part,
    });
  const checked = judged(fromHex(hex));
  expect({ ...checked, identityKey: toHex(checked.identityKey), key: toHex(checked.key) }).toEqual(
    expect.objectContaining({ user, client, identityKey, key: file.publicKey }),
  );
  expect(messages).toContain(message);
  const refused = { code: "identityInvalid" };
  const knock = knockCodec.decode(fromHex(hex));
  // T-01: a key of the hub's own, or another's name, in a knock that somebody has signed.
  const forged = knockCodec.encode({ ...knock, key: new Uint8Array(32).fill(9) });
  const { attestation, certificate } = knock.identity;
  const renamed = (name: string) => ({
    ...knock.identity,
    attestation: { ...attestation, client: parseClientUri(client.replace("alice", name)) },
    certificate: { ...certificate, user: parseUserUri(user.replace("alice", name)) },
  });
  const another = knockCodec.encode({ ...knock, identity: renamed("carol") });
  expect(() => judged(forged)).toThrow(expect.objectContaining(refused));
  expect(() => judged(another)).toThrow(expect.objectContaining(refused));
  const elsewhere = parseRoomUri(room.replace("a.example", "b.example"));
  expect(() => judged(fromHex(hex), { room: elsewhere })).toThrow(expect.objectContaining(refused));
  for (const late of [at + 300_001, at - 300_001]) {
    expect(() => judged(fromHex(hex), { at: late })).toThrow(expect.objectContaining(refused));
  }
  expect(judged(fromHex(hex), { at: at + 300_000 }).user).toBe(user);
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
