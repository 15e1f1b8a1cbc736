import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import {
  type ClientIdentity,
  type CommitIntent,
  createKeyPackage,
  loadGroup,
  type MemberGroup,
} from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeSafeAad,
  MEDIA_TYPE_TLS,
  parseProblem,
  parseRoomUri,
  type RefusalCode,
  rosterHash,
  type RoomState,
  RULES_VERSION,
  updateRequestCodec,
  type UserUri,
} from "@treehouse/protocol";

import { readAccount } from "../../src/account/stored-account.ts";
import type { LocalStore } from "../../src/storage/index.ts";
import { random, withStore } from "./forge.ts";

const crypto = createNodeCrypto({ random });

/** What a program of a member's own can see of a room. */
export type Inside = {
  readonly group: MemberGroup;
  readonly state: RoomState;
  readonly user: UserUri;
};

/** A commit that keeps to MLS and to no rules of the room, and all that goes up with it. */
export type ForgedUpload = {
  readonly epoch: number;
  readonly commit: Bytes;
  readonly request: Bytes;
  /** Of the epoch that the commit ends. */
  readonly rosterHash: Bytes;
};

export function forgeUpload(
  path: string,
  room: string,
  wish: (inside: Inside) => CommitIntent,
): Promise<ForgedUpload> {
  return withStore(path, async (store) => {
    const { group, user } = await groupIn(store, room);
    const intent = wish({ group, user, state: decodeRoomState(group.roomState()) });
    const treehouse = { epoch: group.epoch, forkTag: random(16), lastPosition: 0 };
    const aad = encodeSafeAad({ treehouse, others: [] });
    const { commit, groupInfo, welcome } = await group.prepareCommit(intent, aad);
    await group.discard();
    const request = updateRequestCodec.encode({
      kind: "commit",
      commit,
      welcome,
      groupInfo,
      firstMessage: undefined,
    });
    const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
    return { epoch: group.epoch, commit, request, rosterHash: rosterHash(roster) };
  });
}

/** A KeyPackage that no server has handed out, of the client whose store this is, which knows these rules. */
async function keyPackageOf(path: string, rulesKnown: number): Promise<Bytes> {
  const { identity } = await accountOf(path);
  const options = { lifetimeMs: 60_000, lastResort: false };
  const context = { crypto, now: Date.now, rulesKnown };
  return (await createKeyPackage(context, identity, options)).keyPackage;
}

/** Those of one client outside, as acts need them. */
export async function strangersKeyPackages(
  path: string,
): Promise<{ readonly stranger: Bytes; readonly old: Bytes }> {
  return { stranger: await keyPackageOf(path, RULES_VERSION), old: await keyPackageOf(path, 0) };
}

/** What the room's hub answers to the client whose store this is: a refusal's code, if it is one. */
export async function submitted(
  path: string,
  room: string,
  { request }: ForgedUpload,
): Promise<RefusalCode | undefined> {
  const { server, token } = await accountOf(path);
  const url = new URL(`/v1/rooms/${encodeURIComponent(room)}/update`, server);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": MEDIA_TYPE_TLS, authorization: `Bearer ${token}` },
    body: request,
  });
  if (response.ok) return undefined;
  return parseProblem(await response.json()).code;
}

async function groupIn(
  store: LocalStore,
  roomId: string,
): Promise<{ readonly group: MemberGroup; readonly user: UserUri }> {
  const room = parseRoomUri(roomId);
  const { account, rows } = await store.transaction((tx) => ({
    account: readAccount(tx),
    rows: tx.rooms.groupRows(room),
  }));
  if (account === undefined) throw new Error("the store is empty");
  const { client, signaturePrivateKey, signaturePublicKey, user } = account;
  const leafIdentity = account.leafIdentity ?? new Uint8Array();
  const identity = { client, signaturePrivateKey, signaturePublicKey, leafIdentity };
  return { group: await loadGroup({ crypto, now: Date.now }, identity, rows), user };
}

function accountOf(
  path: string,
): Promise<{ readonly identity: ClientIdentity; readonly server: string; readonly token: string }> {
  return withStore(path, async (store) => {
    const account = await store.transaction(readAccount);
    if (account?.sessionToken === undefined) throw new Error("nobody is logged in here");
    const { client, signaturePrivateKey, signaturePublicKey, server, sessionToken } = account;
    const leafIdentity = account.leafIdentity ?? new Uint8Array();
    const identity = { client, signaturePrivateKey, signaturePublicKey, leafIdentity };
    return { identity, server, token: sessionToken };
  });
}
