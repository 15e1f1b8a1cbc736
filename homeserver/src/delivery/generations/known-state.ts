import { readStateOf } from "@treehouse/mls/public";
import {
  type Bytes,
  type ClientUri,
  decodeRoomState,
  Refusal,
  type RoomState,
  roomView,
  type RoomView,
  type Roster,
  userOfClient,
} from "@treehouse/protocol";
import type { FollowedContext, FollowedRoom } from "../followed/index.ts";
import { listRemoteClients } from "../room/index.ts";
import type { MovesContext } from "../moves/context.ts";

/** A followed room in the epoch in which its log is here. */
export type KnownState = {
  readonly view: RoomView;
  readonly roster: Roster;
  readonly transcript: Bytes;
};

/** Refuses `conflict` where the GroupInfo of that epoch never came. */
export async function knownState(
  { database, store }: Pick<FollowedContext, "database" | "store">,
  { id, head }: FollowedRoom,
): Promise<KnownState> {
  const { groupInfo, roster } = await database.read(async (tx) => ({
    groupInfo: await store.followedGroupInfo(tx, id),
    roster: await store.followedRoster(tx, id),
  }));
  const read = groupInfo === undefined ? undefined : readStateOf(groupInfo);
  if (read?.epoch !== head.epoch) {
    throw new Refusal("conflict", "This server does not know what the room said last.");
  }
  const view = roomView(decodeRoomState(read.roomState), roster);
  return { view, roster, transcript: read.transcript };
}

/** The newest state of a followed room of which a GroupInfo came, with its epoch. */
export async function newestState(
  { database, store }: Pick<FollowedContext, "database" | "store">,
  { id }: FollowedRoom,
): Promise<{ readonly epoch: number; readonly state: RoomState } | undefined> {
  const groupInfo = await database.read((tx) => store.followedGroupInfo(tx, id));
  if (groupInfo === undefined) return undefined;
  const { epoch, roomState } = readStateOf(groupInfo);
  return { epoch, state: decodeRoomState(roomState) };
}

/** The keys with which clients sign, as their users' newest lists have them; `peerUnreachable`. */
export async function listedKeys(
  context: Pick<MovesContext, "accounts" | "database" | "remoteUsers" | "crypto" | "env">,
  clients: readonly ClientUri[],
): Promise<ReadonlyMap<ClientUri, Bytes>> {
  const { accounts, database } = context;
  const keys = new Map<ClientUri, Bytes>();
  for (const [client, { signatureKey }] of await listRemoteClients(context, clients)) {
    keys.set(client, signatureKey);
  }
  for (const client of clients) {
    if (!accounts.isLocal(userOfClient(client))) continue;
    const key = await database.read((tx) => accounts.clientKey(tx, client));
    if (key !== undefined) keys.set(client, key);
  }
  return keys;
}
