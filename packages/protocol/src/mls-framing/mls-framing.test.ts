import { describe, expect, test } from "vitest";
import type { Bytes } from "../bytes/index.ts";
import { utf8Encode } from "../bytes/index.ts";
import { Writer } from "../codec/index.ts";
import type { HandshakeRequest } from "../delivery/index.ts";
import { parseUserUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { handshakeRules, Refusal } from "../refusals/index.ts";
import type { HandshakeRule, RefusalCode } from "../refusals/index.ts";
import { checkUpdateFraming, peekMlsMessage } from "./index.ts";

const GROUP = "mimi://a.example/g/aaaaaaaaaaaaaaaaaaaaaaaaaa.1";
const COMMIT = 3;
const PROPOSAL = 2;
const APPLICATION = 1;

/** A PublicMessage up to and with its content type, then whatever stands for the content. */
function publicMessage(
  contentType: number,
  options: { epoch?: number; leaf?: number; authenticatedData?: Bytes } = {},
): Bytes {
  const writer = new Writer();
  writer.u16(1);
  writer.u16(1);
  writer.text(GROUP);
  writer.u64(options.epoch ?? 4);
  writer.u8(1);
  writer.u32(options.leaf ?? 7);
  writer.opaque(options.authenticatedData ?? Uint8Array.of(1, 2, 3));
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

  test("FED-995 of several proposals the first is shown, and each is the hub's to judge", () => {
    const others = [{ leaf: 8 }, { epoch: 5 }].map((other) => publicMessage(PROPOSAL, other));
    const proposals = [publicMessage(PROPOSAL), ...others];
    const framing = { groupId: GROUP, epoch: 4, sender: { kind: "member", leaf: 7 } };
    expect(checkUpdateFraming({ kind: "proposal", proposals })).toEqual(framing);
  });

  const long = new Uint8Array(LIMITS.authenticatedDataBytesMax + 1);
  const proposals = (...all: readonly Bytes[]): HandshakeRequest => ({
    kind: "proposal",
    proposals: all,
  });
  const refused: readonly (readonly [
    string,
    HandshakeRequest,
    RefusalCode,
    HandshakeRule | undefined,
  ])[] = [
    [
      "a proposal as commit",
      { ...commit, commit: publicMessage(PROPOSAL) },
      "invalidCommit",
      "contentType",
    ],
    [
      "a commit as proposal",
      proposals(publicMessage(PROPOSAL), publicMessage(COMMIT)),
      "invalidProposal",
      "contentType",
    ],
    ["a private commit", { ...commit, commit: privateMessage(COMMIT, 4) }, "malformed", "form"],
    ["a Welcome as proposal", proposals(welcome), "malformed", "form"],
    ["octets as commit", { ...commit, commit: utf8Encode("hello") }, "malformed", "form"],
    [
      "a commit with much authenticated data",
      { ...commit, commit: publicMessage(COMMIT, { authenticatedData: long }) },
      "limitExceeded",
      "authenticatedDataLength",
    ],
    [
      "a proposal with much authenticated data",
      proposals(publicMessage(PROPOSAL, { authenticatedData: long })),
      "limitExceeded",
      "authenticatedDataLength",
    ],
    [
      "a first message of the old epoch",
      { ...commit, firstMessage: { ...firstMessage, message: privateMessage(APPLICATION, 4) } },
      "malformed",
      undefined,
    ],
    [
      "a first message that is a proposal",
      { ...commit, firstMessage: { ...firstMessage, message: privateMessage(PROPOSAL, 5) } },
      "malformed",
      undefined,
    ],
  ];

  test.each(refused)(
    "FED-995 refuses %s by the code and rule of the table",
    (_what, request, code, rule) => {
      const refusal = refusalOf(() => checkUpdateFraming(request));
      expect([refusal?.code, refusal?.data.rule]).toEqual([code, rule]);
      expect(rule === undefined ? [code] : handshakeRules[rule].codes).toContain(code);
    },
  );
});

function refusalOf(act: () => unknown): Refusal | undefined {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return undefined;
}
