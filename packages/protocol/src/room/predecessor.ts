import { type Bytes, equalBytes, sha256, utf8Encode } from "../bytes/index.ts";
import { enumeration, fixed, opaque, struct, u64, vector } from "../codec/index.ts";
import {
  type ClientUri,
  clientUriCodec,
  type Domain,
  domainCodec,
  type GroupUri,
  groupUriCodec,
  roomOfGroup,
  type RoomUri,
  type UserUri,
} from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { labelledHash, LABELS, signedBytes } from "../labels/index.ts";

/** FED-1130: what those who begin a room anew say of what was before. */
export type GenerationClaim = {
  readonly previous: GroupUri;
  /** The last epoch of the previous group that counts, and its confirmed transcript hash. */
  readonly epoch: number;
  readonly transcript: Bytes;
  /** An entry of the previous group that counts, and its chain hash; the last one if the hub is gone. */
  readonly position: number;
  readonly hash: Bytes;
  /** The hub of the previous generation. */
  readonly formerHub: Domain;
  /** The hub of the new generation. */
  readonly hub: Domain;
  readonly hubKey: Bytes;
  readonly term: number;
  /** `reset`: at the same hub. `hubGone`: at another one, for the former cannot be reached. */
  readonly reason: "reset" | "hubGone";
};

/** A member's word for a claim, by the key of its leaf in the previous group. */
export type Endorsement = { readonly client: ClientUri; readonly signature: Bytes };

/** FED-1130: in the state of every generation but the first. */
export type Predecessor = {
  readonly claim: GenerationClaim;
  /** Ascending by client. */
  readonly endorsements: readonly Endorsement[];
  /** `returningMark` of the users who may come in by themselves; ascending. */
  readonly returning: readonly Bytes[];
};

const markLength = 16;
const markCodec = fixed(markLength);

export const generationClaimCodec = struct<GenerationClaim>({
  previous: groupUriCodec,
  epoch: u64,
  // Empty in a group that never had a commit (RFC 9420 §11).
  transcript: opaque({ max: 32 }),
  position: u64,
  hash: fixed(32),
  formerHub: domainCodec,
  hub: domainCodec,
  hubKey: fixed(32),
  term: u64,
  reason: enumeration({ reset: 1, hubGone: 2 }),
});

export const endorsementCodec = struct<Endorsement>({
  client: clientUriCodec,
  signature: opaque({ min: 64, max: 64 }),
});

export const predecessorCodec = struct<Predecessor>({
  claim: generationClaimCodec,
  endorsements: vector(endorsementCodec, { countMin: 1, countMax: LIMITS.endorsementsMax }),
  returning: vector(markCodec),
});

export const endorsementsCodec = vector(endorsementCodec, { countMax: LIMITS.endorsementsMax });

/** Names a user to whoever knows the name, in 16 octets: the same in every generation of a room. */
export function returningMark(room: RoomUri, user: UserUri): Bytes {
  const content = utf8Encode(`${room}\0${user}`);
  return labelledHash(LABELS.returningUser, content, sha256).slice(0, markLength);
}

/** Whether a user of the previous generation may come in by a commit of its own. */
export function mayReturn(predecessor: Predecessor | undefined, user: UserUri): boolean {
  if (predecessor === undefined || predecessor.returning.length === 0) return false;
  const mark = returningMark(roomOfGroup(predecessor.claim.previous).room, user);
  return predecessor.returning.some((one) => equalBytes(one, mark));
}

export function signGenerationClaim(
  claim: GenerationClaim,
  client: ClientUri,
  sign: (message: Bytes) => Bytes,
): Endorsement {
  return { client, signature: sign(contentOf(claim)) };
}

export function verifyEndorsement(
  claim: GenerationClaim,
  { signature }: Endorsement,
  key: Bytes,
  verify: (key: Bytes, message: Bytes, signature: Bytes) => boolean,
): boolean {
  return verify(key, contentOf(claim), signature);
}

/** Whether every endorsement of a claim is by the key that its client has in the previous group. */
export function areEndorsed(
  { claim, endorsements }: Predecessor,
  keyOf: (client: ClientUri) => Bytes | undefined,
  verify: (key: Bytes, message: Bytes, signature: Bytes) => boolean,
): boolean {
  return endorsements.every((one) => {
    const key = keyOf(one.client);
    return key !== undefined && verifyEndorsement(claim, one, key, verify);
  });
}

/** How far the log jumps where a hub is gone: more than it can have given that nobody has heard of. */
const jump = 2 ** 32;
/** So many terms are left out at most. */
export const TERMS_AHEAD_MAX = 1024;

/**
 * Where the log of a generation begins whose former hub is gone (FED-1132), seen from the term that this
 * one had. No two claims to follow one group begin at the same place.
 */
export function firstPositionOf(claim: GenerationClaim, formerTerm: number): number {
  const digest = sha256(generationClaimCodec.encode(claim));
  const spread = new DataView(digest.buffer, digest.byteOffset).getUint32(0) >>> 1;
  return claim.position + jump * (claim.term - formerTerm) + spread + 1;
}

/**
 * Of two claims to what follows one group the one that counts everywhere is that whose log begins further
 * on (FED-1132): so it can follow the other one's, wherever that has come. Positive if `one` does.
 */
export function compareClaims(one: GenerationClaim, other: GenerationClaim): number {
  const term = Math.min(one.term, other.term);
  return firstPositionOf(one, term) - firstPositionOf(other, term);
}

function contentOf(claim: GenerationClaim): Bytes {
  return signedBytes(LABELS.generationClaim, generationClaimCodec.encode(claim));
}
