import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeSafeAad,
  decodeRoomState,
  encodeSafeAad,
  equalBytes,
  fixed,
  JOIN_TICKET_COMPONENT,
  type JoinLink,
  joinLinkKey,
  joinLinksCodec,
  leafIdentityCodec,
  Refusal,
  roleOf,
  roomView,
  type RoomState,
  signJoinTicket,
  sortedJoinLinks,
  struct,
  variant,
} from "@treehouse/protocol";

import type { IntentRow } from "../../storage/index.ts";
import type { GroupsContext } from "../room/index.ts";

/** Body of the intent `joinLink`: a link that is to be there, or the key of one that is not. */
export type LinkWish =
  | { readonly kind: "make"; readonly links: readonly JoinLink[] }
  | { readonly kind: "revoke"; readonly key: Bytes };

const wishCodec = variant<LinkWish, "kind">("kind", {
  make: { tag: 1, codec: struct({ links: joinLinksCodec }) },
  revoke: { tag: 2, codec: struct({ key: fixed(32) }) },
});

export const encodeLinkWish = (wish: LinkWish): Bytes => wishCodec.encode(wish);

/** The state with the wished links; undefined where it has them. Links that are over go with it. */
export function withLinks(state: RoomState, body: Bytes, now: number): RoomState | undefined {
  const wish = wishCodec.decode(body);
  const { joinLinks } = state;
  if (wish.kind === "revoke") {
    const kept = joinLinks.filter(({ key }) => !equalBytes(key, wish.key));
    return kept.length === joinLinks.length ? undefined : { ...state, joinLinks: kept };
  }
  const known = new Set(joinLinks.map(({ key }) => key.join()));
  const made = wish.links.filter(({ key }) => !known.has(key.join()));
  if (made.length === 0) return undefined;
  const self = made[0]?.createdBy;
  // One's own alone: to take away another's needs a right.
  const current = joinLinks.filter(
    ({ createdBy, expiresAt = Infinity }) => createdBy !== self || expiresAt > now,
  );
  return { ...state, joinLinks: sortedJoinLinks([...current, ...made]) };
}

/**
 * The state in which the own user has the role of the link with this seed; undefined where the role is
 * not above the own one. Refuses `linkInvalid` when the link is there no more.
 */
export function withRoleOfLink(
  { member, self }: Pick<GroupsContext, "member" | "self">,
  group: MemberGroup,
  seed: Bytes,
): RoomState | undefined {
  const state = decodeRoomState(group.roomState());
  const key = member.crypto.ed25519PublicKey(joinLinkKey(seed));
  const link = state.joinLinks.find((one) => equalBytes(one.key, key));
  if (link === undefined) throw new Refusal("linkInvalid", "the join link was revoked");
  const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
  if (link.role <= roleOf(roomView(state, roster), self.user)) return undefined;
  const others = state.assignments.filter(({ user }) => user !== self.user);
  const assignments = [...others, { user: self.user, role: link.role }];
  return { ...state, assignments: assignments.toSorted((a, b) => (a.user < b.user ? -1 : 1)) };
}

/** With the ticket of the link whose role the intent takes. */
export function withTicketOf(
  context: GroupsContext,
  group: MemberGroup,
  { kind, body }: Pick<IntentRow, "kind" | "body">,
  authenticatedData: Bytes,
): Bytes {
  return kind === "takeRole"
    ? withTicket(context, group, { seed: body, authenticatedData })
    : authenticatedData;
}

/** Authenticated data of a commit upon this epoch of the own client, with a link's ticket. */
export function withTicket(
  { member: { crypto }, identity, self }: GroupsContext,
  { group, epoch }: Pick<MemberGroup, "group" | "epoch">,
  { seed, authenticatedData }: { readonly seed: Bytes; readonly authenticatedData: Bytes },
): Bytes {
  const privateKey = joinLinkKey(seed);
  const ticket = signJoinTicket(
    {
      group,
      epoch,
      client: self.client,
      leafKey: identity.signaturePublicKey,
      identityKey: leafIdentityCodec.decode(identity.leafIdentity).certificate.identityKey,
    },
    crypto.ed25519PublicKey(privateKey),
    (message) => crypto.sign(privateKey, message),
  );
  const aad = decodeSafeAad(authenticatedData);
  const others = [...aad.others, { component: JOIN_TICKET_COMPONENT, data: ticket }];
  return encodeSafeAad({
    ...aad,
    others: others.toSorted((left, right) => left.component - right.component),
  });
}
