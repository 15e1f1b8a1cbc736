import {
  encodeContent,
  encodeMessageStatus,
  forwardContent,
  fromHex,
  jsonPart,
  MESSAGE_STATUSES,
  messageId,
  type MimiContent,
  parseRoomUri,
  parseUserUri,
  pinContent,
  pollContent,
  pollEndContent,
  type Profile,
  profileContent,
  textContent,
  toHex,
  voteContent,
  withFallback,
  withLinkPreview,
} from "@treehouse/protocol";
import type { EncodedVector } from "./room-vectors.ts";

const senderUri = parseUserUri("mimi://example.org/u/alice");
const roomUri = parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const salt = fromHex("000102030405060708090a0b0c0d0e0f");
const hello = textContent({ text: "Hello", salt, senderUri, roomUri });
const link = "https://cake.example/";
const place = { salt, senderUri, roomUri, markdown: true };
const poll = { question: "Cake?", options: ["yes", "no"], multiple: false, anonymous: false };

export interface ContentVectors {
  readonly senderUri: string;
  readonly roomUri: string;
  readonly messages: readonly (EncodedVector & { readonly messageId: string })[];
  readonly statuses: readonly EncodedVector[];
  readonly profiles: readonly (EncodedVector & { readonly profile: Profile })[];
  readonly malformed: readonly EncodedVector[];
}

/** The vectors of page 08: messages with their ids, status reports, and what is refused. */
export function contentVectors(): ContentVectors {
  const first = idOf(hello);
  return {
    senderUri,
    roomUri,
    messages: [
      message("a text", hello),
      message("the smallest message", {
        ...hello,
        extensions: new Map(),
        body: { kind: "null", disposition: 1, language: "" },
      }),
      message("an answer", { ...hello, inReplyTo: first }),
      message("an edit", { ...hello, replaces: first }),
      message("a deletion", {
        ...hello,
        replaces: first,
        body: { kind: "null", disposition: 1, language: "" },
      }),
      message("a text that goes an hour after it was read", {
        ...hello,
        expires: { relative: true, seconds: 3600 },
      }),
      message("a pin", pinContent({ ...hello, inReplyTo: first }, true)),
      message("a poll", pollContent(hello, { ...poll, closesAt: 1_790_000_000_000 })),
      message("a vote", voteContent({ ...hello, inReplyTo: idOf(pollContent(hello, poll)) }, [1])),
      message(
        "the end of a poll",
        pollEndContent({ ...hello, inReplyTo: idOf(pollContent(hello, poll)) }),
      ),
      message(
        "a forwarded text",
        forwardContent(hello, hello, { from: senderUri, at: 1_790_000_000_000 }),
      ),
      message(
        "a text with a preview",
        withLinkPreview(textContent({ text: link, salt, senderUri, roomUri }), {
          url: link,
          title: "Cake",
        }),
      ),
      message("a text that names everybody and the owners", {
        ...textContent({ text: `[@all](${roomUri}) [@owners](${roomUri}#role=4)`, ...place }),
      }),
      message("content of another program", {
        ...hello,
        body: withFallback(jsonPart("application/vnd.example.move+json", { to: "e4" }, 1), "e4"),
      }),
      message("a text with a private extension", {
        ...hello,
        extensions: new Map([...hello.extensions, [-1, { float: 1 }], ["x", null]]),
      }),
    ],
    statuses: [
      {
        name: "one message read",
        hex: toHex(encodeMessageStatus([{ messageId: first, status: MESSAGE_STATUSES.read }])),
      },
    ],
    profiles: [
      profile("nothing any more", { changedAt: 1_790_000_000_000 }),
      profile("everything", {
        changedAt: 1_790_000_000_001,
        displayName: "Alice Ä.",
        status: "at the sea",
        avatar: { mediaType: "image/png", data: "iVBORw0KGgo" },
        details: [
          { kind: "phone", value: "+00 0000 000" },
          { kind: "web", value: "https://alice.example/" },
        ],
      }),
    ],
    malformed: malformedMessages(),
  };
}

/** Each is a small change of one message that has to be refused. */
function malformedMessages(): readonly EncodedVector[] {
  const head = `8750${toHex(salt)}`;
  const body = "83016000";
  const valid = `${head}f640f6f6a0${body}`;
  return [
    { name: "no octets", hex: "" },
    { name: "the last octet is missing", hex: valid.slice(0, -2) },
    { name: "an octet too many", hex: `${valid}00` },
    { name: "six fields", hex: `86${valid.slice(2, -body.length)}` },
    { name: "a salt of 15 octets", hex: `874f${toHex(salt.subarray(1))}f640f6f6a0${body}` },
    { name: "a length in too many octets", hex: `${head}f65800f6f6a0${body}` },
    { name: "an indefinite map", hex: `${head}f640f6f6bfff${body}` },
    { name: "extension keys out of order", hex: `${head}f640f6f6a2200018180083016000` },
    { name: "an extension key twice", hex: `${head}f640f6f6a220002000${body}` },
    {
      name: "the extension key __proto__",
      hex: `${head}f640f6f6a1695f5f70726f746f5f5f00${body}`,
    },
    { name: "a float in too many octets", hex: `${head}f640f6f6a120fa3f800000${body}` },
    { name: "invalid UTF-8", hex: `${head}f640f6f6a0830161ff00` },
    { name: "unknown part semantics", hex: `${head}f640f6f6a0850160030382${body}${body}` },
    { name: "a multipart of one part", hex: `${head}f640f6f6a0850160030081${body}` },
    { name: "an id of another hash", hex: `${head}5820${"00".repeat(32)}40f6f6a0${body}` },
  ];
}

function message(name: string, content: MimiContent): ContentVectors["messages"][number] {
  const hex = toHex(encodeContent(content));
  return { name, hex, messageId: toHex(idOf(content)) };
}

function profile(name: string, said: Profile): ContentVectors["profiles"][number] {
  const content = profileContent({ profile: said, salt, senderUri, roomUri });
  return { name, hex: toHex(encodeContent(content)), profile: said };
}

function idOf(content: MimiContent): Uint8Array<ArrayBuffer> {
  return messageId({ senderUri, roomUri, content: encodeContent(content), salt: content.salt });
}
