import {
  type Attachment,
  attachmentContent,
  attachmentsOf,
  encodeContent,
  type FileLink,
  fromHex,
  type MimiContent,
  parseRoomUri,
  parseUserUri,
  textContent,
  toHex,
} from "@treehouse/protocol";
import { type JsonValue, jsonValue } from "./json-value.ts";
import type { EncodedVector } from "./room-vectors.ts";

const place = {
  salt: fromHex("000102030405060708090a0b0c0d0e0f"),
  senderUri: parseUserUri("mimi://example.org/u/alice"),
  roomUri: parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa"),
};

type FileVector = EncodedVector & { readonly files: JsonValue; readonly refused: boolean };

/** The vectors of page 08.6: messages with files, and what a receiver reads of them. */
export function fileVectors(): { readonly messages: readonly FileVector[] } {
  const link = linkWith(1);
  const plan = { link, name: "plan.pdf", mediaType: "application/pdf", inline: false };
  const preview = { mediaType: "image/png", bytes: fromHex("89504e470d0a1a0a") } as const;
  const sides = { kind: "image", width: 640, height: 480, rotation: 90 } as const;
  const picture: Attachment = {
    link: linkWith(2),
    name: "sea.jpg",
    mediaType: "image/jpeg",
    inline: true,
    facts: sides,
    alt: "The sea.",
    preview,
    blur: octets(0x0b, 25),
  };
  const voice: Attachment = {
    link: linkWith(3),
    name: "voice.ogg",
    mediaType: "audio/ogg",
    inline: true,
    facts: { kind: "audio", durationMs: 2500 },
    voice: true,
    waveform: octets(0x80, 64),
  };
  const [first, previous] = [octets(1, 32), fromHex(`01${"02".repeat(31)}`)];
  const absurd = withoutPadding(attachmentContent(says(""), [picture]));
  return {
    messages: [
      vector("a file alone", withoutPadding(attachmentContent(says(""), [plan]))),
      vector("a file with a caption, padded", attachmentContent(says("the plan"), [plan])),
      vector(
        "a picture with everything",
        withoutPadding(attachmentContent(says("look"), [picture])),
      ),
      vector("a voice message", withoutPadding(attachmentContent(says("hear"), [voice]))),
      vector("several files", withoutPadding(attachmentContent(says(""), [picture, plan, voice]))),
      vector(
        "a new version of a file",
        withoutPadding(
          attachmentContent(says("newer"), [{ ...plan, continues: { first, previous } }]),
        ),
      ),
      vector("sides that cannot be", {
        ...absurd,
        extensions: new Map([
          ...absurd.extensions,
          [
            "av_metadata",
            [
              new Map([
                [1, 1],
                [2, 2],
                [3, 1_000_000_000],
                [4, 1_000_000_000],
              ]),
            ],
          ],
        ]),
      }),
    ],
  };
}

function vector(name: string, content: MimiContent): FileVector {
  const { files, refused } = attachmentsOf(content);
  return { name, hex: toHex(encodeContent(content)), files: jsonValue(files), refused };
}

/** Other senders need not pad; without a caption a single file is the whole body. */
function withoutPadding(content: MimiContent): MimiContent {
  const parts = content.body.kind === "multi" ? content.body.parts.slice(0, -1) : [];
  const [only, another] = parts;
  if (content.body.kind !== "multi" || only === undefined) throw new Error("it has no padding");
  return { ...content, body: another === undefined ? only : { ...content.body, parts } };
}

function says(text: string) {
  const content = textContent({ ...place, text });
  const { body } = content;
  if (body.kind !== "single") throw new Error("a text is a single part");
  return { ...content, body };
}

function linkWith(octet: number): FileLink {
  return {
    url: `mimi://example.org/a/${"A".repeat(42)}${octet}`,
    expires: 0,
    size: 3,
    encAlg: 1,
    key: octets(octet, 16),
    nonce: octets(octet, 12),
    aad: octets(0, 0),
    hashAlg: 1,
    contentHash: octets(octet, 32),
  };
}

function octets(octet: number, length: number) {
  return new Uint8Array(length).fill(octet);
}
