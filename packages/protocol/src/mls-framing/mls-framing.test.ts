import { describe, expect, test } from "vitest";
import type { Bytes } from "../bytes/index.ts";
import { utf8Encode } from "../bytes/index.ts";
import { Writer } from "../codec/index.ts";
import type { HandshakeRequest } from "../delivery/index.ts";
import { parseUserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { checkUpdateFraming, peekMlsMessage } from "./index.ts";

const GROUP = "mimi://a.example/g/aaaaaaaaaaaaaaaaaaaaaaaaaa.1";
const COMMIT = 3;
const PROPOSAL = 2;
const APPLICATION = 1;

/** A PublicMessage up to and with its content type, then whatever stands for the content. */
function publicMessage(
  contentType: number,
  options: { epoch?: number; leaf?: number } = {},
): Bytes {
  const writer = new Writer();
  writer.u16(1);
  writer.u16(1);
  writer.text(GROUP);
  writer.u64(options.epoch ?? 4);
  writer.u8(1);
  writer.u32(options.leaf ?? 7);
  writer.opaque(Uint8Array.of(1, 2, 3));
  writer.u8(contentType);
  writer.raw(Uint8Array.of(9, 9, 9));
  return writer.finish();
}

function privateMessage(contentType: number, epoch: number): Bytes {
  const writer = new Writer();
  writer.u16(1);
  writer.u16(2);
  writer.text(GROUP);
  writer.u64(epoch);
  writer.u8(contentType);
  writer.opaque(Uint8Array.of(5));
  writer.opaque(Uint8Array.of(6, 6));
  writer.opaque(Uint8Array.of(7, 7, 7));
  return writer.finish();
}

const bare = (wireFormat: number): Bytes => Uint8Array.of(0, 1, 0, wireFormat, 0);
const welcome = bare(3);
const groupInfo = bare(4);

describe("peekMlsMessage", () => {
  test("shows what a PublicMessage says in clear", () => {
    expect(peekMlsMessage(publicMessage(COMMIT))).toEqual({
      wireFormat: "public",
      groupId: GROUP,
      epoch: 4,
      sender: { kind: "member", leaf: 7 },
      authenticatedData: Uint8Array.of(1, 2, 3),
      contentType: "commit",
    });
  });

  test("shows what a PrivateMessage says in clear", () => {
    expect(peekMlsMessage(privateMessage(APPLICATION, 5))).toEqual({
      wireFormat: "private",
      groupId: GROUP,
      epoch: 5,
      contentType: "application",
      authenticatedData: Uint8Array.of(5),
    });
  });

  test("tells the others apart", () => {
    expect([3, 4, 5].map((format) => peekMlsMessage(bare(format)).wireFormat)).toEqual([
      "welcome",
      "groupInfo",
      "keyPackage",
    ]);
  });

  test("refuses truncations, octets after a PrivateMessage and anything else, as malformed", () => {
    const whole = privateMessage(APPLICATION, 5);
    const trailing = Uint8Array.of(...whole, 0);
    const others = [trailing, bare(0), bare(6), Uint8Array.of(0, 2, 0, 1), utf8Encode("hello")];
    for (let length = 0; length < whole.length; length++) others.push(whole.slice(0, length));
    for (const bytes of others) expect(() => peekMlsMessage(bytes)).toThrow(Refusal);
  });
});

describe("checkUpdateFraming", () => {
  const firstMessage = {
    ephemeral: false,
    message: privateMessage(APPLICATION, 5),
    sendingUri: parseUserUri("mimi://a.example/u/alice"),
  };
  const commit: HandshakeRequest = {
    kind: "commit",
    commit: publicMessage(COMMIT),
    welcome,
    groupInfo,
    firstMessage,
  };

  test("FED-220 takes a commit with what belongs to it, and proposals of one sender", () => {
    const framing = { groupId: GROUP, epoch: 4, sender: { kind: "member", leaf: 7 } };
    expect(checkUpdateFraming(commit)).toEqual(framing);
    const proposals = [publicMessage(PROPOSAL), publicMessage(PROPOSAL)];
    expect(checkUpdateFraming({ kind: "proposal", proposals })).toEqual(framing);
  });

  const refused: readonly (readonly [string, HandshakeRequest])[] = [
    ["a proposal as commit", { ...commit, commit: publicMessage(PROPOSAL) }],
    ["a private commit", { ...commit, commit: privateMessage(COMMIT, 4) }],
    ["a commit as proposal", { kind: "proposal", proposals: [publicMessage(COMMIT)] }],
    [
      "a first message of the old epoch",
      { ...commit, firstMessage: { ...firstMessage, message: privateMessage(APPLICATION, 4) } },
    ],
    [
      "a first message that is a proposal",
      { ...commit, firstMessage: { ...firstMessage, message: privateMessage(PROPOSAL, 5) } },
    ],
    [
      "proposals of two senders",
      {
        kind: "proposal",
        proposals: [publicMessage(PROPOSAL), publicMessage(PROPOSAL, { leaf: 8 })],
      },
    ],
    [
      "proposals of two epochs",
      {
        kind: "proposal",
        proposals: [publicMessage(PROPOSAL), publicMessage(PROPOSAL, { epoch: 5 })],
      },
    ],
  ];

  test.each(refused)("refuses %s", (_, request) => {
    expect(() => checkUpdateFraming(request)).toThrow(Refusal);
  });
});
