import { equalBytes, fromBase64Url, toBase64Url } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import { checked, fixed, struct, u64, u8 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { groupUriCodec, userUriCodec } from "../identifiers/index.ts";
import type { GroupUri, UserUri } from "../identifiers/index.ts";
import { labelledHash, LABELS } from "../labels/index.ts";
import { Refusal } from "../refusals/index.ts";

/** One side of a safety number: who it is, and the key that is believed to be theirs. */
export type IdentityOfUser = { readonly user: UserUri; readonly identityKey: Bytes };

/** What all members of an epoch have in common, and nobody else. */
export type GroupState = {
  readonly group: GroupUri;
  readonly epoch: number;
  readonly treeHash: Bytes;
  readonly epochAuthenticator: Bytes;
};

/**
 * What two people compare by other means than this system. Both have the same one, if and only if
 * each has the other's true key (of a contact), or both are in the same state (of a group).
 */
export type SafetyNumber = {
  /** 60 digits, in twelve groups of five with spaces between. */
  readonly digits: string;
  /** The same for a QR code: text that `compareSafetyNumber` takes. */
  readonly payload: string;
};

/**
 * `unrelated`: what was scanned is of other people, or of another group or epoch, and says nothing
 * about this one.
 */
export type SafetyComparison = "match" | "mismatch" | "unrelated";

/** How often a fingerprint is hashed: it makes each guess at a key with the same digits dearer. */
const ROUNDS = 5200;
const PAYLOAD_PREFIX = "treehouse:safety:";
const CONTACT = 1;
const GROUP = 2;

const identityCodec = struct<IdentityOfUser>({ user: userUriCodec, identityKey: fixed(32) });

type ContactPayload = {
  readonly kind: number;
  readonly first: UserUri;
  readonly firstFingerprint: Bytes;
  readonly second: UserUri;
  readonly secondFingerprint: Bytes;
};

const contactPayloadCodec: Codec<ContactPayload> = checked(
  struct<ContactPayload>({
    kind: u8,
    first: userUriCodec,
    firstFingerprint: fixed(32),
    second: userUriCodec,
    secondFingerprint: fixed(32),
  }),
  ({ kind, first, second }) =>
    kind === CONTACT && first < second ? undefined : "not two users in ascending order",
);

const groupStateCodec = struct<GroupState>({
  group: groupUriCodec,
  epoch: u64,
  treeHash: fixed(32),
  epochAuthenticator: fixed(32),
});

type GroupPayload = {
  readonly kind: number;
  readonly group: GroupUri;
  readonly epoch: number;
  readonly left: Bytes;
  readonly right: Bytes;
};

const groupPayloadCodec: Codec<GroupPayload> = checked(
  struct<GroupPayload>({
    kind: u8,
    group: groupUriCodec,
    epoch: u64,
    left: fixed(32),
    right: fixed(32),
  }),
  ({ kind }) => (kind === GROUP ? undefined : "not of a group"),
);

/**
 * Between two users: the fingerprints of both identity keys, the one of the lesser URI first, so
 * that both sides show the same. A user has none with themselves: that is a RangeError.
 */
export function contactSafetyNumber(one: IdentityOfUser, other: IdentityOfUser): SafetyNumber {
  if (one.user === other.user) throw new RangeError("a safety number is between two users");
  const [first, second] = one.user < other.user ? [one, other] : [other, one];
  const firstFingerprint = fingerprintOf(first);
  const secondFingerprint = fingerprintOf(second);
  return {
    digits: `${digitsOf(firstFingerprint)} ${digitsOf(secondFingerprint)}`,
    payload: payloadOf(
      contactPayloadCodec.encode({
        kind: CONTACT,
        first: first.user,
        firstFingerprint,
        second: second.user,
        secondFingerprint,
      }),
    ),
  };
}

/** Of a group in one epoch: tree, keys and history of all who show it are the same. */
export function groupSafetyNumber(state: GroupState): SafetyNumber {
  const content = groupStateCodec.encode(state);
  const left = labelledHash(LABELS.groupSafetyNumber, content);
  const right = labelledHash(LABELS.groupSafetyNumber, left);
  const { group, epoch } = state;
  return {
    digits: `${digitsOf(left)} ${digitsOf(right)}`,
    payload: payloadOf(groupPayloadCodec.encode({ kind: GROUP, group, epoch, left, right })),
  };
}

/**
 * Compares a number with what was scanned or typed in: the payload of a QR code, or the digits with
 * or without spaces. Refuses `malformed` what is neither.
 */
export function compareSafetyNumber(own: SafetyNumber, scanned: string): SafetyComparison {
  const text = scanned.trim();
  const typed = text.replaceAll(/\s/g, "");
  if (/^\d{60}$/.test(typed)) {
    return typed === own.digits.replaceAll(" ", "") ? "match" : "mismatch";
  }
  if (!text.startsWith(PAYLOAD_PREFIX)) {
    throw new Refusal("malformed", "this is neither 60 digits nor the text of a safety code");
  }
  const [mine, theirs] = [own.payload, text].map(readPayload);
  if (mine === undefined || theirs === undefined || mine.about !== theirs.about) return "unrelated";
  return equalBytes(mine.value, theirs.value) ? "match" : "mismatch";
}

/** What a payload is about, and what it says of it. */
function readPayload(payload: string): { readonly about: string; readonly value: Bytes } {
  const bytes = fromBase64Url(payload.slice(PAYLOAD_PREFIX.length));
  if (bytes[0] === CONTACT) {
    const { first, second } = contactPayloadCodec.decode(bytes);
    return { about: `${first} ${second}`, value: bytes };
  }
  const { group, epoch } = groupPayloadCodec.decode(bytes);
  return { about: `${group} ${epoch}`, value: bytes };
}

function payloadOf(bytes: Bytes): string {
  return PAYLOAD_PREFIX + toBase64Url(bytes);
}

function fingerprintOf(identity: IdentityOfUser): Bytes {
  let hash = labelledHash(LABELS.identityFingerprint, identityCodec.encode(identity));
  const content = new Uint8Array(64);
  content.set(identity.identityKey, 32);
  for (let round = 1; round < ROUNDS; round += 1) {
    content.set(hash);
    hash = labelledHash(LABELS.identityFingerprint, content);
  }
  return hash;
}

/** Six groups of five digits: each is five octets as a big-endian number, modulo 100,000. */
function digitsOf(hash: Bytes): string {
  return Array.from({ length: 6 }, (_, group) => {
    const octets = hash.subarray(group * 5, group * 5 + 5);
    const value = octets.reduce((number, octet) => number * 256 + octet, 0);
    return String(value % 100_000).padStart(5, "0");
  }).join(" ");
}
