import {
  checkUpdateFraming,
  type Domain,
  domainOf,
  LIMITS,
  parseDomain,
  Refusal,
  type RoomUri,
  updateRequestCodec,
} from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { RoomCache } from "../room/index.ts";
import type { Operations } from "../operations.ts";
import type { Caller } from "../ports.ts";
import type { RoomOfUser } from "../store/index.ts";
import { hubWanted } from "../generations/hub-wanted.ts";
import type { FollowedContext } from "./context.ts";
import { refuseCommit, refuseJoining, refuseMessage, refuseStopped } from "./refuse-early.ts";

type ForwardContext = FollowedContext & { readonly rooms: RoomCache };

/**
 * Brings what own clients ask to whoever orders the room: to the operations of this server for the
 * rooms hosted here, and unchanged to the hub for all others (FED-922). The hub of a room that this
 * server follows is known; that of any other is at first taken to be where it was founded.
 */
export function forwarding(context: ForwardContext, hosted: Operations): Operations {
  const { hubs } = context;
  /** Asks the room's hub; one that is not followed here may be where its founder's server says. */
  const at = async <T>(
    room: RoomUri,
    here: () => Promise<T>,
    there: (hub: Domain) => Promise<T>,
  ): Promise<T> => {
    let hub = await hubOf(context, room);
    if (hub === undefined) return here();
    const isFollowed = (await context.followed.get(room)) !== undefined;
    for (let hops = 0; ; hops += 1) {
      try {
        return await there(hub);
      } catch (error) {
        const next: Domain | undefined = isFollowed ? undefined : movedTo(error);
        if (isFollowed) lookUpHub(context, room, error);
        if (next === undefined || hops === hopsMax) throw error;
        if (next === context.domain) return here();
        hub = next;
      }
    }
  };
  return {
    reserve: (caller, template) => hosted.reserve(caller, template),
    found: (caller, room, request) => hosted.found(caller, room, request),
    submit: async (caller, room, request) => {
      const hub = await hubOf(context, room);
      if (hub === undefined) return hosted.submit(caller, room, request);
      await refuseStopped(context, room);
      await refuseMessage(context, caller, room, request);
      try {
        return await hubs.submit(hub, caller, room, request);
      } catch (error) {
        lookUpHub(context, room, error);
        throw error;
      }
    },
    update: async (caller, room, request) => {
      const wanted = hubWanted(request);
      if (wanted === context.domain) return hosted.update(caller, room, request);
      if (wanted !== undefined) {
        // Its clients are to have read what they agree to.
        await context.successions.gather(room);
        return hubs.update(wanted, caller, room, request.slice());
      }
      return at(
        room,
        () => hosted.update(caller, room, request),
        async (hub) => {
          await refuseStopped(context, room);
          await refuseCommit(context, caller, room, request);
          await noteExternalCommit(context, caller, room, request);
          return hubs.update(hub, caller, room, request);
        },
      );
    },
    groupInfo: (caller, room, request) =>
      at(
        room,
        () => hosted.groupInfo(caller, room, request),
        async (hub) => {
          await refuseJoining(context, caller, room);
          return hubs.groupInfo(hub, caller, room, request);
        },
      ),
    tree: (caller, room, epoch) =>
      at(
        room,
        () => hosted.tree(caller, room, epoch),
        (hub) => hubs.tree(hub, caller, room, epoch),
      ),
    leave: (caller, room, leaver) =>
      at(
        room,
        () => hosted.leave(caller, room, leaver),
        (hub) => hubs.leave(hub, caller, room, leaver),
      ),
    hubOffer: (caller, room, hub) => hosted.hubOffer(caller, room, hub),
    async rooms(caller) {
      const followed = await followedRoomsOf(context, caller);
      return [...(await hosted.rooms(caller)), ...followed].toSorted((left, right) =>
        left.room < right.room ? -1 : 1,
      );
    },
  };
}

/** A hub that cannot be reached may have named another one, and this server has not heard of it. */
function lookUpHub(
  { successions }: Pick<FollowedContext, "successions">,
  room: RoomUri,
  error: unknown,
): void {
  if (error instanceof Refusal && error.code === "peerUnreachable") successions.lookUp(room);
}

/** The hub that a refusal names (FED-1127). */
export function movedTo(error: unknown): Domain | undefined {
  if (!(error instanceof Refusal) || error.code !== "roomMoved") return undefined;
  return error.data.hub === undefined ? undefined : parseDomain(error.data.hub);
}

/** A room may have moved several times since it was founded. */
export const hopsMax = 4;

/**
 * Only those that the client, or another one of its user, reads or read until it was revoked: what a
 * hub says beyond that is not believed (FED-953). A new client learns here where the others are.
 */
async function followedRoomsOf(
  { accounts, database, env, store, roomLog }: FollowedContext,
  { user }: Caller,
): Promise<readonly RoomOfUser[]> {
  return database.read(async (tx) => {
    const rooms: RoomOfUser[] = [];
    const clients = (await accounts.clientsOf(tx, user)) ?? [];
    for (const { room, epoch, position } of await store.followedOf(tx, user)) {
      let isIn = await store.isPlaceKept(tx, { user, room }, env.now());
      for (const client of clients) isIn ||= await roomLog.reads(tx, client, room);
      if (isIn) rooms.push({ room, epoch, position });
    }
    return rooms;
  });
}

/** The server that orders a room (FED-923); undefined if that is this one, or nobody to ask. */
export async function hubOf(
  context: Pick<ForwardContext, "rooms" | "followed" | "domain" | "database" | "store">,
  room: RoomUri,
): Promise<Domain | undefined> {
  if (context.rooms.has(room)) return undefined;
  const followed = context.followed.peek(room) ?? (await context.followed.get(room));
  // What is about to be hosted here is no other server's any more.
  if (followed !== undefined) return followed.hub === context.domain ? undefined : followed.hub;
  const founder = domainOf(room);
  if (founder === context.domain) return undefined;
  const hosted = await context.database.read((tx) => context.store.hosts(tx, room));
  return hosted ? undefined : founder;
}

/**
 * A client that comes by its own commit is believed to have come, once the hub says so, because
 * this server has sent the commit: noted durably before it leaves. It is the one way into a room
 * without having given consent, and the client's own act (FED-968).
 */
async function noteExternalCommit(
  { database, store, env }: FollowedContext,
  { client }: Caller,
  room: RoomUri,
  request: Uint8Array,
): Promise<void> {
  const decoded = updateRequestCodec.decode(request);
  if (decoded.kind !== "commit") return;
  const { sender } = checkUpdateFraming(decoded);
  if (sender.kind === "member") return;
  if (sender.kind !== "newMemberCommit") {
    throw new Refusal("invalidCommit", "Only members and clients that join make commits.");
  }
  const hash = sha256(decoded.commit);
  const expiresAt = env.now() + LIMITS.idempotencyKeptMs;
  await database.transaction((tx) => store.noteForwarded(tx, { hash, room, client, expiresAt }));
}
