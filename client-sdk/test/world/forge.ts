import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { loadGroup, type MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeRoomState,
  encodeSafeAad,
  LABELS,
  maskSenderLink,
  parseRoomUri,
  type RoomState,
  rosterHash,
  SENDER_CHAIN_COMPONENT,
  type SenderLink,
  sha256,
  submitMessageRequestCodec,
  toHex,
  type UserUri,
} from "@treehouse/protocol";

import { readAccount } from "../../src/account/stored-account.ts";
import { type LocalStore, openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";

export const random = (length: number): Bytes => new Uint8Array(randomBytes(length));

export async function withStore<T>(
  path: string,
  run: (store: LocalStore) => Promise<T>,
): Promise<T> {
  const { database, key } = await openNodeStore(path, undefined, random);
  const store = await openLocalStore(database, key, random);
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}

/** What a program of a member's own sends that keeps to nothing but MLS. */
export type Forgery = {
  readonly content: Bytes;
  /** The content's salt. */
  readonly salt: Bytes;
  /** Undefined: as an older release does. */
  readonly link: SenderLink | undefined;
  /** What the client believes to have sent, where it could not read the content as its own. */
  readonly believed?: Bytes;
};

/**
 * Encrypts anything as this member and lays it into the store of its closed client, which submits it,
 * octet for octet, when it is opened again.
 */
export async function forge(
  path: string,
  roomId: string,
  forgeries: readonly Forgery[],
): Promise<void> {
  const room = parseRoomUri(roomId);
  await withGroup(path, roomId, async ({ store, group, user: sendingUri }) => {
    for (const forgery of forgeries) {
      const message = await group.encrypt(forgery.content, await aadOf(group, forgery));
      const request = submitMessageRequestCodec.encode({ ephemeral: false, message, sendingUri });
      await store.transaction((tx) => {
        tx.rooms.changeGroupRows(room, group.takeChanges());
        const body = forgery.believed ?? forgery.content;
        const serial = tx.intents.add({ room, kind: "send", createdAt: 0, body });
        tx.intents.submit(serial, request, toHex(sha256(message)));
      });
    }
  });
}

/** A member's commit that keeps to MLS and to no rules: it leaves the room in this state. */
export async function forgeCommit(
  path: string,
  roomId: string,
  change: (state: RoomState, user: UserUri) => RoomState,
): Promise<{ readonly commit: Bytes; readonly rosterHash: Bytes; readonly epoch: number }> {
  return withGroup(path, roomId, async ({ group, user }) => {
    const roomState = encodeRoomState(change(decodeRoomState(group.roomState()), user));
    const treehouse = { epoch: group.epoch, forkTag: random(16), lastPosition: 0 };
    const aad = encodeSafeAad({ treehouse, others: [] });
    const { commit } = await group.prepareCommit({ roomState }, aad);
    const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
    return { commit, rosterHash: rosterHash(roster), epoch: group.epoch };
  });
}

/** The group of a room as the store of a closed client has it. */
export function withGroup<T>(
  path: string,
  roomId: string,
  run: (member: {
    readonly store: LocalStore;
    readonly group: MemberGroup;
    readonly user: UserUri;
  }) => Promise<T>,
): Promise<T> {
  const room = parseRoomUri(roomId);
  const crypto = createNodeCrypto({ random });
  return withStore(path, async (store) => {
    const { account, rows } = await store.transaction((tx) => ({
      account: readAccount(tx),
      rows: tx.rooms.groupRows(room),
    }));
    if (account === undefined) throw new Error("the store is empty");
    const { client, signaturePrivateKey, signaturePublicKey, user } = account;
    const leafIdentity = account.leafIdentity ?? new Uint8Array();
    const identity = { client, signaturePrivateKey, signaturePublicKey, leafIdentity };
    const group = await loadGroup({ crypto, now: Date.now }, identity, rows);
    return run({ store, group, user });
  });
}

async function aadOf(group: MemberGroup, { link, salt }: Forgery): Promise<Bytes> {
  const forkTag = await group.exportSecret(LABELS.forkTag, new Uint8Array(), 16);
  const treehouse = { epoch: group.epoch, forkTag, lastPosition: 0 };
  if (link === undefined) return encodeSafeAad({ treehouse, others: [] });
  const data = maskSenderLink(link, salt, random(16));
  return encodeSafeAad({ treehouse, others: [{ component: SENDER_CHAIN_COMPONENT, data }] });
}
