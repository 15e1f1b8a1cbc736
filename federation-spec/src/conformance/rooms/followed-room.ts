import { keyMaterialRequestCodec, keyMaterialResponseCodec } from "@treehouse/protocol";
import type { Bytes, EntryDelivery, ItemBody, RoomUri } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import { keyMaterialRequest } from "../clients/person.ts";
import { agree, Failed } from "../outcome.ts";
import type { PeerLabel } from "../peers/labels.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import type { World } from "../world.ts";
import { HubRoom } from "./hub-room.ts";
import { joinLocally } from "./local-seat.ts";
import type { LocalSeat } from "./local-seat.ts";

/** A room of which one of the suite's servers is the hub, and which the tested server follows. */
export interface FollowedRoom {
  readonly room: RoomUri;
  readonly hub: HubRoom;
  readonly host: PeerUser;
  readonly peer: PeerServer;
  readonly alice: LocalSeat;
}

const hosts = new WeakMap<PeerServer, Promise<PeerUser>>();

/** A room into which a host has brought Alice, with her consent. */
export async function followedRoom(world: World, label: PeerLabel = "a"): Promise<FollowedRoom> {
  const unjoined = await invitation(world, label);
  const { hub, peer, delivery, account } = unjoined;
  await deliverAll(peer, [delivery]);
  const alice = await joinLocally(account, hub.room, hub.hubKey.publicKey);
  return { ...unjoined, alice };
}

/** The same before anything was sent: the item that brings Alice in, with its introduction. */
export async function invitation(world: World, label: PeerLabel = "a") {
  const account = await world.account("alice");
  const { peer, host } = await friendOfAlice(world, label);
  const hub = await HubRoom.found(peer.domain, host);
  peer.rooms.set(hub.room, hub);
  const keyPackage = await claimed(world, peer, host, account, hub.room);
  const commit = await hub.commit({ add: [keyPackage] }, [account.client]);
  const delivery: EntryDelivery = { ...commit, introduction: hub.introduction() };
  return { room: hub.room, hub, host, peer, account, delivery };
}

/** A user of the suite's server whom Alice lets add her to rooms. */
export async function friendOfAlice(
  world: World,
  label: PeerLabel,
): Promise<{ readonly peer: PeerServer; readonly host: PeerUser }> {
  const peer = await world.knownPeer(label);
  const known = hosts.get(peer) ?? befriend(peer, await world.account("alice"));
  hosts.set(peer, known);
  return { peer, host: await known };
}

/** A new user of the server asks, and the account lets them. */
export async function befriend(peer: PeerServer, account: Account): Promise<PeerUser> {
  const user = peer.user(`friend-${peer.users.size}`);
  await peer.outgoing.deliver([
    {
      kind: "consent",
      entry: {
        operation: "request",
        requester: user.user,
        target: account.user,
        room: undefined,
        note: "",
        at: Date.now(),
      },
    },
  ]);
  await account.toContact("contactAccept", user.user);
  return user;
}

/** Asks for a KeyPackage of the account for the room, which must be given. */
export async function claimed(
  world: World,
  peer: PeerServer,
  user: PeerUser,
  account: Account,
  room: RoomUri | undefined,
): Promise<Bytes> {
  await world.stockUp(account);
  const request = keyMaterialRequest(user.person, account.user, room);
  const answer = await peer.ask({
    endpoint: "keyMaterial",
    value: account.user,
    body: keyMaterialRequestCodec.encode(request),
  });
  const response = answer.struct("a claim", keyMaterialResponseCodec);
  agree("the status of a claim with consent", response.status, "success");
  const [client] = response.clients;
  if (client?.status !== "success") throw new Failed("a claim with consent gives no KeyPackage");
  return client.keyPackage;
}

/** Delivers entries, none of which may be rejected. */
export async function deliverAll(
  peer: PeerServer,
  deliveries: readonly EntryDelivery[],
): Promise<void> {
  const bodies: ItemBody[] = deliveries.map((each) => ({ kind: "entry", ...each }));
  const verdicts = await peer.outgoing.verdicts(bodies);
  agree(
    "the verdicts on good entries",
    verdicts,
    bodies.map(() => undefined),
  );
}
