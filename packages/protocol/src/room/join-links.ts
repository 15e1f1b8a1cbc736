import type { Bytes } from "../bytes/index.ts";
import { type Codec, fixed, optional, struct, u32, u64, vector } from "../codec/index.ts";
import { type UserUri, userUriCodec } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { isParticipantRole } from "./roles.ts";
import type { RoomState } from "./room-state.ts";

/** The one user for whom a link is; the identity key tells this user from all others of the name. */
export type Invitee = { readonly user: UserUri; readonly identityKey: Bytes };

/** FED-1080: lets whoever has its seed into the room by an external commit, nobody else online. */
export type JoinLink = {
  /** Ed25519 public key of the pair that the seed gives; tickets are signed with it. */
  readonly key: Bytes;
  /** What a user may have who came by it: the default role, or one of a higher index. */
  readonly role: number;
  readonly createdBy: UserUri;
  /** The hub's acceptance time after which it lets nobody in; absent: never. */
  readonly expiresAt: number | undefined;
  /** How many users it lets in, which the hub alone counts; absent: any number. */
  readonly usesMax: number | undefined;
  /** The only user who comes in by it, whoever else has its seed; absent: whoever has it. */
  readonly invitee: Invitee | undefined;
};

/** Content of dictionary component 0x8008, ascending by key. */
export const joinLinksCodec: Codec<readonly JoinLink[]> = vector(
  struct<JoinLink>({
    key: fixed(32),
    role: u32,
    createdBy: userUriCodec,
    expiresAt: optional<number>(u64),
    usesMax: optional<number>(u32),
    invitee: optional<Invitee>(struct<Invitee>({ user: userUriCodec, identityKey: fixed(32) })),
  }),
  { countMax: LIMITS.joinLinksMax },
);

/** Says what is wrong with a state's links; `undefined` if nothing is. */
export function joinLinksFault(state: RoomState): string | undefined {
  const { joinLinks } = state;
  if (joinLinks.length > LIMITS.joinLinksMax) return "too many join links";
  if (!joinLinks.every(({ key }, index) => index === 0 || isBefore(joinLinks[index - 1], key))) {
    return "join links out of order";
  }
  return joinLinks.every(({ role, usesMax }) => isParticipantRole(state, role) && usesMax !== 0)
    ? undefined
    : "a join link of no use";
}

/** The links in their one order. */
export function sortedJoinLinks(links: readonly JoinLink[]): readonly JoinLink[] {
  return links.toSorted((a, b) => compareKeys(a.key, b.key));
}

function isBefore(link: JoinLink | undefined, key: Bytes): boolean {
  return link !== undefined && compareKeys(link.key, key) < 0;
}

function compareKeys(a: Bytes, b: Bytes): number {
  for (const [index, octet] of a.entries()) {
    const difference = octet - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
