/** How this client comes into rooms from outside, and lets others do so. */
import {
  type Bytes,
  decodeRoomState,
  equalBytes,
  isParticipantRole,
  type JoinLink,
  joinLinkKey,
  LIMITS,
  type LinkUses,
  Refusal,
  type RoomLink,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";
import type { OpenRooms } from "../open-rooms.ts";
import { decodeDetails, isNameless } from "../about/index.ts";
import type { Intend } from "../settings/index.ts";
import { encodeLinkWish } from "../changing/index.ts";
import { createKnocking, type Knocking } from "./knocking.ts";
import { identityOfKnocker, type KnockerIdentity, knockerOf } from "./knocker.ts";
import { dropKnock, type HeardKnock, mayAnswer, waitingKnocks } from "./knocks.ts";
import { askLinkUses } from "./link-uses.ts";
import { addOwnLink, readOwnLinks } from "./own-links.ts";
import { readPendingJoin, writePendingJoin } from "./pending-join.ts";

export { comeIn } from "./come-in.ts";
export type { KnockerIdentity } from "./knocker.ts";
export { knockEntry } from "./knocks.ts";
export { forgetJoin, pendingJoins, readPendingJoin } from "./pending-join.ts";

export type NewJoinLink = {
  /** The name of a role; the default role unless given. */
  readonly role: string | undefined;
  readonly expiresAt: number | undefined;
  readonly usesMax: number | undefined;
};

/** A join link of a room, as the room has it; only the client that made it knows its seed. */
export type KnownJoinLink = JoinLink & {
  readonly roleName: string;
  readonly link: RoomLink | undefined;
};

/** Somebody who has knocked, and what is known of the identity key under which they did. */
export type WaitingKnock = HeardKnock & { readonly identity: KnockerIdentity };

export interface Joining extends Knocking {
  /** Who has knocked and waits for an answer. Refuses `notAllowed`. */
  knocks(room: RoomUri): Promise<readonly WaitingKnock[]>;
  /**
   * Lets somebody in who has knocked, in the default role, and nobody else by that. Refuses `notFound`,
   * `notAllowed`, and `identityInvalid` for somebody in another's name, or with a key that is not accepted.
   */
  admit(room: RoomUri, user: UserUri): Promise<void>;
  /** Shows the knock no more, on this client. Who has knocked is not told. */
  decline(room: RoomUri, user: UserUri): Promise<void>;
  /** Makes a link. Refuses `notAllowed` and `limitExceeded`. */
  createLink(room: RoomUri, wanted: NewJoinLink): Promise<KnownJoinLink>;
  /** The links of the room that are not over, of whomever. */
  links(room: RoomUri): Promise<readonly KnownJoinLink[]>;
  /** How often each of them was used; undefined while the hub cannot be asked. */
  linkUses(room: RoomUri): Promise<readonly LinkUses[] | undefined>;
  /** From then on the link lets nobody in. A link that is not there is passed over. */
  revokeLink(room: RoomUri, key: Bytes): Promise<void>;
  /** A link that says where the room is and what it is called, and lets nobody in. */
  addressOf(room: RoomUri): Promise<RoomLink>;
  /**
   * Comes into a room by a link, or by its address if it is open; a member takes the link's role.
   * Refuses what the hub refuses: `linkInvalid`, `linkExpired`, `linkUsedUp`, `roomFull`, `notMember`
   * where no link is and the room is not open.
   */
  join(link: RoomLink): Promise<void>;
}

export function createJoining(
  context: GroupsContext,
  rooms: OpenRooms,
  { intend, wake }: { readonly intend: Intend; readonly wake: (room: Room) => void },
): Joining {
  const { store, member, env } = context;
  const stateOf = async (uri: RoomUri) => {
    const room = await rooms.open(uri);
    return room.serial.run(async () =>
      decodeRoomState((await loadGroup(context, room)).roomState()),
    );
  };
  const addressOf = (room: RoomUri): Promise<RoomLink> =>
    store.transaction((tx) => {
      const row = tx.rooms.get(room);
      const key = row && !isNameless(row) ? decodeDetails(row.details).metadataKey : undefined;
      return { room, seed: undefined, metadataKey: key };
    });
  const links = async (uri: RoomUri): Promise<readonly KnownJoinLink[]> => {
    const { joinLinks, roles } = await stateOf(uri);
    const address = await addressOf(uri);
    const own = await store.transaction((tx) => readOwnLinks(tx, uri));
    return joinLinks
      .filter(({ expiresAt = Infinity }) => expiresAt > env.now())
      .map((link) => {
        const seed = own.find(({ key }) => equalBytes(key, link.key))?.seed;
        const roleName = roles.find(({ index }) => index === link.role)?.name ?? "";
        return { ...link, roleName, link: seed && { ...address, seed } };
      });
  };
  const groupOf = async (uri: RoomUri) => {
    const room = await rooms.open(uri);
    return room.serial.run(() => loadGroup(context, room));
  };
  const knocks = async (uri: RoomUri): Promise<readonly WaitingKnock[]> => {
    const group = await groupOf(uri);
    if (!mayAnswer(context, group)) {
      throw new Refusal("notAllowed", "the own role does not answer those who knock");
    }
    return store.transaction((tx) =>
      waitingKnocks(context, tx, uri, group).map((knock) => ({
        ...knock,
        identity: identityOfKnocker(tx, knock),
      })),
    );
  };
  const join = async ({ room: uri, seed, metadataKey }: RoomLink): Promise<void> => {
    const room = await rooms.open(uri);
    const isIn = await store.transaction((tx) => {
      const status = tx.rooms.get(uri)?.status;
      if (status === "joined" || status === "founding") return true;
      if (readPendingJoin(tx, uri) === undefined || seed !== undefined) {
        writePendingJoin(tx, uri, { seed, metadataKey });
      }
      return false;
    });
    if (isIn) {
      if (seed !== undefined) await intend(uri, "takeRole", seed);
      return;
    }
    const done = new Promise<void>((resolve, reject) => {
      room.joiners.push({ since: env.now(), resolve, reject });
    });
    wake(room);
    await done;
  };
  return {
    ...createKnocking(context, join),
    knocks,
    async admit(uri, user) {
      const heard = (await knocks(uri)).filter((one) => one.user === user);
      if (heard.length === 0) throw new Refusal("notFound", "nobody of this address has knocked");
      const { key, identityKey } = await knockerOf(context, user, heard);
      const link = {
        key,
        role: (await stateOf(uri)).defaultRole,
        createdBy: context.self.user,
        expiresAt: env.now() + LIMITS.knockKeptMs,
        usesMax: 1,
        invitee: { user, identityKey },
      };
      await intend(uri, "joinLink", encodeLinkWish({ kind: "make", links: [link] }));
      await store.transaction((tx) => dropKnock(tx, uri, user));
    },
    decline: (uri, user) => store.transaction((tx) => dropKnock(tx, uri, user)),
    async createLink(uri, { role, expiresAt, usesMax }) {
      const state = await stateOf(uri);
      const named = state.roles.find(({ name }) => name === role)?.index;
      const wanted = role === undefined ? state.defaultRole : named;
      if (wanted === undefined || !isParticipantRole(state, wanted)) {
        throw new Refusal("notFound", "the conversation has no such role");
      }
      const over = state.joinLinks.filter(
        ({ createdBy, expiresAt: end = Infinity }) =>
          createdBy === context.self.user && end <= env.now(),
      );
      if (state.joinLinks.length - over.length >= LIMITS.joinLinksMax) {
        throw new Refusal("limitExceeded", "the conversation has as many links as it may", {
          limitName: "joinLinksMax",
          limit: LIMITS.joinLinksMax,
        });
      }
      const seed = env.random(32);
      const key = member.crypto.ed25519PublicKey(joinLinkKey(seed));
      const link = {
        key,
        role: wanted,
        createdBy: context.self.user,
        expiresAt,
        usesMax,
        invitee: undefined,
      };
      await store.transaction((tx) => addOwnLink(tx, uri, { key, seed }));
      await intend(uri, "joinLink", encodeLinkWish({ kind: "make", links: [link] }));
      const roleName = state.roles.find(({ index }) => index === wanted)?.name ?? "";
      return { ...link, roleName, link: { ...(await addressOf(uri)), seed } };
    },
    links,
    linkUses: (uri) => askLinkUses(context, rooms, uri),
    async revokeLink(uri, key) {
      await intend(uri, "joinLink", encodeLinkWish({ kind: "revoke", key }));
    },
    addressOf,
    join,
  };
}
