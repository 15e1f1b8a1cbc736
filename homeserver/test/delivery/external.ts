import assert from "node:assert/strict";
import { joinExternal, readGroupInfo } from "@treehouse/mls/member";
import {
  encodeSafeAad,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  JOIN_TICKET_COMPONENT,
  joinLinkKey,
  LABELS,
  leafIdentityCodec,
  paths,
  signedBytes,
  signGroupInfoRequest,
  signJoinAsk,
  signJoinTicket,
  utf8Encode,
  verifyGroupInfoResponse,
} from "@treehouse/protocol";
import type { Bytes, GroupInfoPlaintext, RoomUri, TicketHolder } from "@treehouse/protocol";
import type { Answer, Person } from "./person.ts";
import { accepted } from "./person.ts";
import type { RoomNames } from "./rooms.ts";
import { Seat } from "./seat.ts";

/** An encoded request for a GroupInfo, and the key that opens its answer. */
export function askGroupInfo(
  person: Person,
  room: RoomUri,
  seed?: Bytes,
  code?: Bytes,
): { readonly request: Bytes; readonly open: (answer: Bytes) => GroupInfoPlaintext } {
  const { crypto } = person.rig;
  const keys = crypto.hpkeGenerateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: 1,
      requestingSignatureKey: person.identity.signaturePublicKey,
      requestingCredential: { identity: utf8Encode(person.client) },
      groupInfoPublicKey: keys.publicKey,
      joiningCode: code ?? (seed && joiningCode(person, room, keys.publicKey, seed)),
    },
    room,
    (message) => crypto.sign(person.identity.signaturePrivateKey, message),
  );
  return {
    request: groupInfoRequestCodec.encode(request),
    open(answer) {
      const response = groupInfoResponseCodec.decode(answer);
      if (response.status !== "success") throw new Error(response.status);
      const verify = (key: Bytes, message: Bytes, signature: Bytes) =>
        crypto.verify(key, message, signature);
      assert.ok(verifyGroupInfoResponse(response, verify));
      const info = signedBytes(LABELS.groupInfoSealing, utf8Encode(room));
      const { kemOutput, ciphertext } = response.sealed;
      const none = new Uint8Array(0);
      return groupInfoPlaintextCodec.decode(
        crypto.hpkeOpen(keys.privateKey, kemOutput, info, none, ciphertext),
      );
    },
  };
}

type Rejoined = { readonly seat: Seat; readonly answer: Answer };

/** Comes back into a room by an external commit that replaces the client's former leaf. */
export function rejoin({ person, room, hubKey, group }: Seat): Promise<Rejoined> {
  return comeIn(person, { room, hubKey }, { removeLeaf: group.ownLeaf });
}

function joiningCode(person: Person, room: RoomUri, groupInfoPublicKey: Bytes, seed: Bytes): Bytes {
  const { client, identity } = person;
  const { key, sign } = linkOfSeed(person, seed);
  const signatureKey = identity.signaturePublicKey;
  return signJoinAsk({ room, client, signatureKey, groupInfoPublicKey }, key, sign);
}

/** The key pair of a join link. */
export function linkOfSeed({ rig: { crypto } }: Person, seed: Bytes) {
  const privateKey = joinLinkKey(seed);
  const sign = (message: Bytes): Bytes => crypto.sign(privateKey, message);
  return { key: crypto.ed25519PublicKey(privateKey), sign };
}

/** The ticket of a link for this person's leaf, upon the epoch of the GroupInfo or another one. */
export function ticketFor(
  person: Person,
  seed: Bytes,
  holder: Pick<TicketHolder, "group" | "epoch">,
): Bytes {
  const { client, identity } = person;
  const { key, sign } = linkOfSeed(person, seed);
  const { certificate } = leafIdentityCodec.decode(identity.leafIdentity);
  const { group, epoch } = holder;
  return signJoinTicket(
    {
      group,
      epoch,
      client,
      leafKey: identity.signaturePublicKey,
      identityKey: certificate.identityKey,
    },
    key,
    sign,
  );
}

/** The ticket in authenticated data. */
export function aadWith(ticket: Bytes | undefined): Bytes {
  const others = ticket === undefined ? [] : [{ component: JOIN_TICKET_COMPONENT, data: ticket }];
  return encodeSafeAad({ treehouse: undefined, others });
}

type Way = {
  readonly removeLeaf?: number;
  /** Of the link by which the GroupInfo is asked for, and the ticket is made. */
  readonly seed?: Bytes;
  /** In the place of that ticket. */
  readonly ticket?: (at: Pick<TicketHolder, "group" | "epoch">) => Bytes | undefined;
};

/** Comes into a room by an external commit. */
export async function comeIn(
  person: Person,
  names: Pick<RoomNames, "room" | "hubKey">,
  way: Way = {},
): Promise<Rejoined> {
  const { room } = names;
  const asked = askGroupInfo(person, room, way.seed);
  const sealed = await person.request("POST", paths.groupInfo(room), asked.request);
  accepted(sealed);
  return comeInWith(person, names, asked.open(sealed.body), way);
}

/** The same with a GroupInfo that is there already. */
export async function comeInWith(
  person: Person,
  { room, hubKey }: Pick<RoomNames, "room" | "hubKey">,
  { groupInfo, ratchetTree, position }: GroupInfoPlaintext,
  { removeLeaf, seed, ticket }: Way = {},
): Promise<Rejoined> {
  if (ratchetTree === undefined) throw new Error("no tree");
  const own = seed === undefined ? undefined : ticketFor(person, seed, readGroupInfo(groupInfo));
  const { prepared, group } = await joinExternal(person.context, person.identity, {
    groupInfo,
    ratchetTree,
    ...(removeLeaf === undefined ? {} : { removeLeaf }),
    authenticatedData: aadWith(ticket === undefined ? own : ticket(readGroupInfo(groupInfo))),
    at: person.rig.env.now(),
  });
  const seat = new Seat(person, { room, hubKey }, group, position);
  const answer = await seat.update(seat.bundle(prepared));
  if (answer.refusal === undefined) {
    await group.adopt(prepared);
    seat.joinedBy = prepared.commit;
  }
  return { seat, answer };
}
