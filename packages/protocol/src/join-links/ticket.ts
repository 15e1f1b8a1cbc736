import { type Bytes, equalBytes } from "../bytes/index.ts";
import { type Codec, fixed, opaque, struct, u64, versioned } from "../codec/index.ts";
import type { Sign, Verify } from "../delivery/index.ts";
import {
  type ClientUri,
  clientUriCodec,
  type GroupUri,
  groupUriCodec,
  type RoomUri,
  roomUriCodec,
  userOfClient,
} from "../identifiers/index.ts";
import { labelledHash, LABELS, signedBytes } from "../labels/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { Invitee, JoinLink, RoomState } from "../room/index.ts";
import { componentOf, decodeSafeAad } from "../safe-aad/index.ts";

/** Our component in a commit's authenticated data that proves to know a link's seed. */
export const JOIN_TICKET_COMPONENT = 0x8008;

const ticketVersion = 1;

/** FED-1084: a signature of the link's key over who uses it, and where. */
export type JoinTicket = { readonly key: Bytes; readonly signature: Bytes };

const signature = opaque({ max: 64, min: 64 });
const signatureKey = opaque({ max: 32, min: 32 });

export const joinTicketCodec: Codec<JoinTicket> = versioned(
  ticketVersion,
  struct<JoinTicket>({ key: fixed(32), signature }),
);

/** What a ticket in a commit is for: this client's leaf, upon this epoch. */
export type TicketHolder = {
  readonly group: GroupUri;
  /** The one that the commit ends. */
  readonly epoch: number;
  readonly client: ClientUri;
  /** Of the client's leaf. */
  readonly leafKey: Bytes;
  readonly identityKey: Bytes;
};

const holderCodec = struct<TicketHolder>({
  group: groupUriCodec,
  epoch: u64,
  client: clientUriCodec,
  leafKey: signatureKey,
  identityKey: signatureKey,
});

/** What a ticket in a question for a GroupInfo is for: an answer sealed to this key. */
export type JoinAsk = {
  readonly room: RoomUri;
  readonly client: ClientUri;
  readonly signatureKey: Bytes;
  readonly groupInfoPublicKey: Bytes;
};

const askCodec = struct<JoinAsk>({
  room: roomUriCodec,
  client: clientUriCodec,
  signatureKey,
  groupInfoPublicKey: opaque({ max: 2048, min: 1 }),
});

/** The Ed25519 private key that a link's seed gives (FED-1081). */
export function joinLinkKey(seed: Bytes): Bytes {
  return labelledHash(LABELS.joinLinkKey, seed);
}

/** `key` is the public half of the pair with which `sign` signs. */
export function signJoinTicket(holder: TicketHolder, key: Bytes, sign: Sign): Bytes {
  const message = signedBytes(LABELS.joinTicket, holderCodec.encode(holder));
  return joinTicketCodec.encode({ key, signature: sign(message) });
}

export function signJoinAsk(ask: JoinAsk, key: Bytes, sign: Sign): Bytes {
  const message = signedBytes(LABELS.joinAsk, askCodec.encode(ask));
  return joinTicketCodec.encode({ key, signature: sign(message) });
}

type Judged = {
  readonly state: Pick<RoomState, "joinLinks">;
  /** By the hub's clock: of the acceptance, or of the question. */
  readonly at: number;
  readonly verify: Verify;
};

/** Who shows a ticket; whoever asks for a GroupInfo does not say by which identity key it is there. */
type Bearer = { readonly client: ClientUri; readonly identityKey: Bytes | undefined };

/**
 * The link of which a commit carries a ticket, or undefined without one. The same for hub and
 * members, for it depends on the state before, the commit and its acceptance time alone. Refuses
 * `linkInvalid` (no such link any more, for somebody else, or not signed for this), `linkExpired` and `malformed`.
 */
export function linkOfCommit(
  authenticatedData: Uint8Array,
  holder: TicketHolder,
  judged: Judged,
): JoinLink | undefined {
  const data = componentOf(decodeSafeAad(authenticatedData).others, JOIN_TICKET_COMPONENT);
  if (data === undefined) return undefined;
  return linkOf(data, signedBytes(LABELS.joinTicket, holderCodec.encode(holder)), judged, holder);
}

/** The link of which a question's joining code proves the seed. Refuses as `linkOfCommit`. */
export function linkOfAsk(code: Uint8Array, ask: JoinAsk, judged: Judged): JoinLink {
  const bearer = { client: ask.client, identityKey: undefined };
  return linkOf(code, signedBytes(LABELS.joinAsk, askCodec.encode(ask)), judged, bearer);
}

function linkOf(
  data: Uint8Array,
  message: Bytes,
  { state, at, verify }: Judged,
  bearer: Bearer,
): JoinLink {
  const ticket = joinTicketCodec.decode(data);
  const link = state.joinLinks.find(({ key }) => equalBytes(key, ticket.key));
  if (link === undefined || !verify(link.key, message, ticket.signature)) {
    throw new Refusal("linkInvalid", "The room has no such join link, or the ticket is not its.");
  }
  if (link.invitee !== undefined && !isInvited(link.invitee, bearer)) {
    throw new Refusal("linkInvalid", "The join link is for somebody else.");
  }
  if (link.expiresAt !== undefined && at > link.expiresAt) {
    throw new Refusal("linkExpired", "The join link has expired.");
  }
  return link;
}

function isInvited(invitee: Invitee, { client, identityKey }: Bearer): boolean {
  if (userOfClient(client) !== invitee.user) return false;
  return identityKey === undefined || equalBytes(identityKey, invitee.identityKey);
}
