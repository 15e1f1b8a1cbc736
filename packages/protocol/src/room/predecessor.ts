import { type Bytes, equalBytes, sha256, utf8Encode } from "../bytes/index.ts";
import { enumeration, fixed, opaque, struct, u64, vector } from "../codec/index.ts";
import {
  type ClientUri,
  clientUriCodec,
  type Domain,
  domainCodec,
  type GroupUri,
  groupUriCodec,
  type UserUri,
} from "../identifiers/index.ts";
import { labelledHash, LABELS, signedBytes } from "../labels/index.ts";

/** FED-1130: what those who begin a room anew say of what was before. */
export type GenerationClaim = {
  readonly previous: GroupUri;
  /** The last epoch of the previous group that counts, and its confirmed transcript hash. */
  readonly epoch: number;
  readonly transcript: Bytes;
  /** The last entry of the previous group that counts, and its chain hash. */
  readonly position: number;
  readonly hash: Bytes;
  /** The hub of the new generation. */
  readonly hub: Domain;
  readonly hubKey: Bytes;
  readonly term: number;
  /** `reset`: at the same hub. `hubGone`: at another one, for the former cannot be reached. */
  readonly reason: "reset" | "hubGone";
  /** Whose client is the first leaf of the new group. */
  readonly founder: ClientUri;
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
  transcript: fixed(32),
  position: u64,
  hash: fixed(32),
  hub: domainCodec,
  hubKey: fixed(32),
  term: u64,
  reason: enumeration({ reset: 1, hubGone: 2 }),
  founder: clientUriCodec,
});

export const endorsementCodec = struct<Endorsement>({
  client: clientUriCodec,
  signature: opaque({ min: 64, max: 64 }),
});

export const predecessorCodec = struct<Predecessor>({
  claim: generationClaimCodec,
  endorsements: vector(endorsementCodec, { countMin: 1, countMax: 256 }),
  returning: vector(markCodec),
});

/** Names a user to whoever knows the name, in 16 octets. */
export function returningMark(previous: GroupUri, user: UserUri): Bytes {
  const content = utf8Encode(`${previous}\0${user}`);
  return labelledHash(LABELS.returningUser, content, sha256).slice(0, markLength);
}

/** Whether a user of the previous generation may come in by a commit of its own. */
export function mayReturn(predecessor: Predecessor | undefined, user: UserUri): boolean {
  if (predecessor === undefined) return false;
  const mark = returningMark(predecessor.claim.previous, user);
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

function contentOf(claim: GenerationClaim): Bytes {
  return signedBytes(LABELS.generationClaim, generationClaimCodec.encode(claim));
}
