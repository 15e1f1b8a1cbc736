import { describe, expect, test } from "vitest";
import type { Bytes, Codec } from "../src/index.ts";
import {
  concatBytes,
  credentialCodec,
  decodeEntry,
  encodeEntry,
  entriesPageCodec,
  entryCodec,
  firstPrevious,
  foundRoomRequestCodec,
  frankCodec,
  inboxEntryCodec,
  LIMITS,
  mintRoomUri,
  parseClientUri,
  parseDomain,
  Refusal,
  serverFrameCodec,
  submitMessageRequestCodec,
  treeResponseCodec,
  updateRequestCodec,
  userUri,
  Writer,
} from "../src/index.ts";

const FILLER = 0xab;
const domain = parseDomain("a.example");
const room = mintRoomUri(domain, (length) => new Uint8Array(length));
const sendingUri = userUri(domain, "alice");
const one = Uint8Array.of(1);
const place = {
  room,
  generation: 1,
  term: 1,
  position: 1,
  previous: firstPrevious,
  acceptedAt: 1,
  ephemeral: false,
};

type Bound = {
  readonly name: string;
  readonly limit: number;
  run(filling: Bytes): Bytes;
  decode(bytes: Bytes): void;
};

function bound<T>(
  name: string,
  limit: number,
  codec: Codec<T>,
  build: (filling: Bytes) => T,
): Bound {
  return {
    name,
    limit,
    run: (filling) => codec.encode(build(filling)),
    decode: (bytes) => void codec.decode(bytes),
  };
}

const bounds: readonly Bound[] = [
  bound(
    "a submitted message",
    LIMITS.applicationMessageBytesMax,
    submitMessageRequestCodec,
    (message) => ({ ephemeral: false, message, sendingUri }),
  ),
  bound("a message in an entry", LIMITS.applicationMessageBytesMax, entryCodec, (message) => ({
    ...place,
    kind: "application" as const,
    message,
    frank: undefined,
  })),
  bound("a commit", LIMITS.handshakeBytesMax, updateRequestCodec, (commit) => ({
    kind: "commit" as const,
    commit,
    welcome: undefined,
    groupInfo: one,
    firstMessage: undefined,
  })),
  bound("a Welcome", LIMITS.welcomeBytesMax, updateRequestCodec, (welcome) => ({
    kind: "commit" as const,
    commit: one,
    welcome,
    groupInfo: one,
    firstMessage: undefined,
  })),
  bound("a GroupInfo", LIMITS.groupInfoBytesMax, updateRequestCodec, (groupInfo) => ({
    kind: "commit" as const,
    commit: one,
    welcome: undefined,
    groupInfo,
    firstMessage: undefined,
  })),
  bound("a founder's tree", LIMITS.ratchetTreeBytesMax, foundRoomRequestCodec, (ratchetTree) => ({
    groupInfo: one,
    ratchetTree,
  })),
  bound("a tree", LIMITS.ratchetTreeBytesMax, treeResponseCodec, (nodes) => ({
    epoch: 1,
    treeHash: firstPrevious,
    nodes,
  })),
  bound("an account event", LIMITS.accountEventBytesMax, inboxEntryCodec, (data) => ({
    position: 1,
    acceptedAt: 1,
    kind: "accountEvent" as const,
    event: { name: "x", data },
  })),
  bound("a frank's signature", 512, frankCodec, (signature) => ({
    serverFrank: firstPrevious,
    ciphersuite: 1,
    signature,
  })),
  bound("a credential", LIMITS.credentialBytesMax, credentialCodec, (identity) => ({ identity })),
];

describe.each(bounds)("$name", ({ limit, run, decode }) => {
  test("FED-106 has room for the limit and not for an octet more", () => {
    const largest = run(filler(limit));
    expect(() => decode(largest)).not.toThrow();
    expect(() => run(filler(limit + 1))).toThrow(RangeError);
    const refused = refusalOf(() => decode(lengthened(largest, limit)));
    expect([refused.code, refused.data.limit]).toEqual(["malformed", limit]);
  });
});

test("a frame and a page hold no longer entry than a stream does", () => {
  const entry = filler(LIMITS.entryBytesMax + 1);
  const frame = serverFrameCodec.encode({ type: "entry", entry });
  expect(refusalOf(() => serverFrameCodec.decode(frame)).code).toBe("malformed");
  const page = { incarnation: new Uint8Array(16), stream: room, entries: [entry] };
  expect(() => entriesPageCodec.encode({ ...page, head: 1, oldest: 1 })).toThrow(RangeError);
});

test("the largest commit with all its leaf changes and proposals is an entry that fits", () => {
  const commit = filler(LIMITS.handshakeBytesMax);
  const client = `mimi://${"a".repeat(60)}.example/d/${"b".repeat(64)}/${"a".repeat(26)}`;
  const bytes = encodeEntry({
    ...place,
    kind: "commit",
    epoch: 1,
    leafChanges: Array.from({ length: LIMITS.leafChangesMax }, (_, leaf) => ({
      leaf,
      client: parseClientUri(client),
      change: "added",
    })),
    rosterHash: firstPrevious,
    commit,
    externalProposals: Array.from({ length: LIMITS.removalIntentsPerEpochMax }, () => filler(400)),
  });
  expect(bytes.length).toBeLessThan(LIMITS.entryBytesMax);
  expect(decodeEntry(bytes).kind).toBe("commit");
});

function filler(length: number): Bytes {
  return new Uint8Array(length).fill(FILLER);
}

function refusalOf(run: () => void): Refusal {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The encoding with one more octet in the field that is filled up to its limit. */
function lengthened(bytes: Bytes, limit: number): Bytes {
  const at = Buffer.from(bytes).indexOf(concatBytes(varint(limit), Uint8Array.of(FILLER)));
  const before = varint(limit).length;
  return concatBytes(
    bytes.subarray(0, at),
    varint(limit + 1),
    Uint8Array.of(FILLER),
    bytes.subarray(at + before),
  );
}

function varint(value: number): Bytes {
  const writer = new Writer(4);
  writer.varint(value);
  return writer.finish();
}
