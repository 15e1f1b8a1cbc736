import { type Bytes, concatBytes, fromHex, toHex, utf8Encode } from "../bytes/index.ts";
import { type Codec, codec, fixed, optional, struct, u64, vector } from "../codec/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import { LABELS, labelledHash } from "../labels/index.ts";
import { LIMITS } from "../limits.ts";

/** FED-714: what stands for a user in a room's sanctions: hexadecimal, of `USER_TAG_BYTES` octets. */
export type UserTag = string;

const USER_TAG_BYTES = 16;
/** Octets of the salt of a room's sanctions. */
export const SANCTIONS_SALT_BYTES = 16;

export interface Mute {
  readonly user: UserTag;
  /** When it ends, by the acceptance time of entries; `undefined` = when it is lifted. */
  readonly until: number | undefined;
}

/**
 * FED-715: who is banned and who is muted. Users stand in it as salted hashes, so that neither the
 * hub nor who joins later reads a list of names in it; both lists are sorted and unique, and one of
 * them is not empty.
 */
export interface Sanctions {
  readonly salt: Bytes;
  readonly banned: readonly UserTag[];
  /** Ascending by user. */
  readonly muted: readonly Mute[];
}

/** What stands for a user where this salt is used (FED-714). */
export function userTag(salt: Uint8Array, user: UserUri): UserTag {
  const content = concatBytes(salt, utf8Encode(user));
  return toHex(labelledHash(LABELS.sanctionedUser, content).subarray(0, USER_TAG_BYTES));
}

export function isBanned(sanctions: Sanctions | undefined, user: UserUri): boolean {
  if (sanctions === undefined || sanctions.banned.length === 0) return false;
  return sanctions.banned.includes(userTag(sanctions.salt, user));
}

/** The mute that a user is under, whether over or not. */
export function muteOf(sanctions: Sanctions | undefined, user: UserUri): Mute | undefined {
  if (sanctions === undefined || sanctions.muted.length === 0) return undefined;
  const tag = userTag(sanctions.salt, user);
  return sanctions.muted.find((one) => one.user === tag);
}

/** FED-744: whether messages of this user are refused at this time. */
export function isMuted(sanctions: Sanctions | undefined, user: UserUri, at: number): boolean {
  const mute = muteOf(sanctions, user);
  return mute !== undefined && (mute.until === undefined || at < mute.until);
}

/** Says what is wrong with sanctions that have all their fields; `undefined` if nothing is. */
export function sanctionsFault({ salt, banned, muted }: Sanctions): string | undefined {
  if (salt.length !== SANCTIONS_SALT_BYTES) return "a salt of another length";
  if (banned.length + muted.length === 0) return "sanctions of nobody";
  if (banned.length > LIMITS.bansMax || muted.length > LIMITS.mutesMax) return "too many sanctions";
  const ascends = (tags: readonly UserTag[]) =>
    tags.every((tag, index) => index === 0 || (tags[index - 1] ?? tag) < tag);
  return ascends(banned) && ascends(muted.map(({ user }) => user))
    ? undefined
    : "sanctions out of order";
}

const fixedTag = fixed(USER_TAG_BYTES);

const tag: Codec<UserTag> = codec(
  (writer, value) => fixedTag.write(writer, fromHex(value)),
  (reader) => toHex(fixedTag.read(reader)),
);

export const sanctionsCodec = struct<Sanctions>({
  salt: fixed(SANCTIONS_SALT_BYTES),
  banned: vector(tag),
  muted: vector(struct<Mute>({ user: tag, until: optional<number>(u64) })),
});
