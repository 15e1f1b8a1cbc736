import type { Bytes } from "../bytes/index.ts";
import { type Codec, enumeration, fixed, struct, u64, versioned } from "../codec/index.ts";
import { type Sign, signatureCodec, type Verify } from "../delivery/index.ts";
import {
  type ClientUri,
  clientUriCodec,
  type RoomUri,
  roomUriCodec,
  type UserUri,
} from "../identifiers/index.ts";
import { checkLeafIdentity, type LeafIdentity, leafIdentityCodec } from "../identity/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";

/** First octet of a joining code that asks to be let in, beside that of a ticket. */
const knockVersion = 2;

/** FED-1090: who asks to be let into which room, and the key of the link by which it would come. */
export type Knock = {
  /** `withdraws`: whoever asked by this key asks no more (FED-1099). */
  readonly act: "asks" | "withdraws";
  /** Ed25519 public key, of whose pair the client that knocks alone has the other half. */
  readonly key: Bytes;
  /** By the clock of the client that knocks. */
  readonly at: number;
  readonly identity: LeafIdentity;
  /** By the key that the identity attests. */
  readonly signature: Bytes;
};

/** A knock whose signatures hold: this identity key stands for its user, and asks by this key. */
export type CheckedKnock = {
  readonly act: Knock["act"];
  readonly user: UserUri;
  readonly client: ClientUri;
  readonly signatureKey: Bytes;
  readonly identityKey: Bytes;
  /** Of the device-signing key that certifies the client. */
  readonly number: number;
  readonly key: Bytes;
};

const actCodec = enumeration({ asks: 1, withdraws: 2 });

export const knockCodec: Codec<Knock> = versioned(
  knockVersion,
  struct<Knock>({
    act: actCodec,
    key: fixed(32),
    at: u64,
    identity: leafIdentityCodec,
    signature: signatureCodec,
  }),
);

type Signed = Pick<Knock, "act" | "key" | "at"> & {
  readonly room: RoomUri;
  readonly client: ClientUri;
};

const signedCodec = struct<Signed>({
  room: roomUriCodec,
  client: clientUriCodec,
  act: actCodec,
  key: fixed(32),
  at: u64,
});

/** Whether a joining code is a knock, and no ticket. */
export function isKnock(joiningCode: Uint8Array): boolean {
  return joiningCode[0] === knockVersion;
}

/** Signs with the signature key of the client that the identity is about. */
export function signKnock(room: RoomUri, knock: Omit<Knock, "signature">, sign: Sign): Bytes {
  return knockCodec.encode({ ...knock, signature: sign(messageOf(room, knock)) });
}

/**
 * FED-1097: a knock at this room, judged at the hub's time. It is the same for the hub and for members,
 * and says nothing of whether the identity key is the user's: whoever admits knows the user, or asks.
 * Refuses `malformed`, and `identityInvalid` for one that is another room's, old, or not signed so.
 */
export function checkKnock(
  bytes: Uint8Array,
  { room, at, verify }: { readonly room: RoomUri; readonly at: number; readonly verify: Verify },
): CheckedKnock {
  const knock = knockCodec.decode(bytes);
  const { certificate, attestation } = knock.identity;
  const { client, signatureKey } = attestation;
  checkLeafIdentity(knock.identity, { client, signatureKey, at, verify });
  if (Math.abs(at - knock.at) > LIMITS.knockSkewMs) {
    throw new Refusal("identityInvalid", "The knock was made at another time.");
  }
  if (!verify(signatureKey, messageOf(room, knock), knock.signature)) {
    throw new Refusal("identityInvalid", "The knock is not signed by the client that it names.");
  }
  const { user, identityKey, number } = certificate;
  const { act, key } = knock;
  return { act, user, client, signatureKey, identityKey, number, key };
}

function messageOf(room: RoomUri, { act, key, at, identity }: Omit<Knock, "signature">): Bytes {
  const { client } = identity.attestation;
  return signedBytes(LABELS.knock, signedCodec.encode({ room, client, act, key, at }));
}
