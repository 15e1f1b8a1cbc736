import type { RoomUri } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import type { PeerLabel } from "../peers/labels.ts";
import type { PeerServer, PeerUser } from "../peers/server.ts";
import type { World } from "../world.ts";
import { foundRoom } from "./local-seat.ts";
import type { LocalSeat } from "./local-seat.ts";
import { joinRemotely } from "./remote-seat.ts";
import type { RemoteSeat } from "./remote-seat.ts";

/** A room of which the tested server is the hub, with Alice and a user of one of the suite's servers. */
export interface HostedRoom {
  readonly room: RoomUri;
  readonly alice: LocalSeat;
  readonly guest: RemoteSeat;
  readonly peer: PeerServer;
}

/** A room of Alice with a guest, who has come by a commit of hers; or of whoever is given for her. */
export async function hostedRoom(
  world: World,
  label: PeerLabel = "a",
  founder?: Account,
): Promise<HostedRoom> {
  const peer = await world.knownPeer(label);
  const guest = peer.user(`guest-${peer.users.size}`);
  const alice =
    founder === undefined ? await emptyRoom(world) : await foundRoom(founder, world.subject.domain);
  await alice.commit({ add: [await guest.keyPackage()] });
  const seat = await joinRemotely(world, guest, peer, alice.room, alice.position);
  return { room: alice.room, alice, guest: seat, peer };
}

/** A room with Alice alone. */
export async function emptyRoom(world: World, other?: PeerUser): Promise<LocalSeat> {
  return foundRoom(await world.account("alice"), world.subject.domain, other?.user);
}
