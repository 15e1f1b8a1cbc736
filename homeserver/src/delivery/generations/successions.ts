import { readStateOf } from "@treehouse/mls/public";
import {
  type Bytes,
  decodeRoomState,
  type Domain,
  type Entry,
  type EntryDelivery,
  equalBytes,
  type Predecessor,
  RATE_LIMITS,
  readBegun,
  Refusal,
  type RoomState,
  type RoomUri,
  type Roster,
  signedHeadCodec,
  userOfClient,
  verifyHead,
} from "@treehouse/protocol";
import { createRateLimiter, errorFields, type Tx } from "../../platform/index.ts";
import { signedHeadOf } from "../room/index.ts";
import type { MovesContext } from "../moves/context.ts";
import { gather, gatherFrom } from "./gather.ts";
import { isAgreedTo } from "./judge.ts";
import type { Succession, Successions } from "./succession.ts";

export function createSuccessions(
  env: Parameters<typeof createRateLimiter>[0],
  context: () => MovesContext,
): Successions {
  const looks = createRateLimiter(env, RATE_LIMITS.hubLookUpPerRoom, "hubLookUpPerRoom");
  let looking: Promise<void> = Promise.resolve();
  const look = async (room: RoomUri, peer: Domain | undefined): Promise<void> => {
    try {
      if (peer === undefined) await gather(context(), room);
      else await gatherFrom(context(), room, peer);
    } catch (error) {
      context().env.log.error("lookUpFailed", { room, ...errorFields(error) });
    }
  };
  return {
    lookUp(room, peer) {
      try {
        looks.take(`${room} ${peer ?? ""}`);
      } catch (error) {
        if (error instanceof Refusal) return;
        throw error;
      }
      looking = looking.then(() => look(room, peer));
    },
    idle: () => looking,
    check: (peer, delivery, read) => check(context(), peer, delivery, read),
    take: (tx, succession) => take(context(), tx, succession),
    gather: (room) => gather(context(), room),
  };
}

async function check(
  context: MovesContext,
  peer: Domain,
  { entry: bytes, head, groupInfo }: EntryDelivery,
  { entry, hash }: { readonly entry: Entry; readonly hash: Bytes },
): Promise<Succession | undefined> {
  const founder = readBegun(entry);
  if (founder === undefined || head === undefined || groupInfo === undefined) return undefined;
  const state = stateIn(groupInfo);
  const claim = state?.predecessor?.claim;
  const isTheirs = claim?.reason === "hubGone" && claim.hub === peer && claim.term === entry.term;
  if (state === undefined || claim === undefined || !isTheirs) return undefined;
  const succession = { entry, bytes, hash, head, groupInfo, founder, claim };
  if (!isSigned(context, succession)) return undefined;
  if (await isAgreedTo(context, peer, succession, state)) return succession;
  context.count("notHub");
  return undefined;
}

function stateIn(groupInfo: Bytes): RoomState | undefined {
  try {
    const { epoch, roomState } = readStateOf(groupInfo);
    return epoch === 0 ? decodeRoomState(roomState) : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function isSigned({ crypto }: MovesContext, { entry, hash, head, claim }: Succession): boolean {
  const { head: said } = head;
  return (
    said.room === entry.room &&
    said.generation === entry.generation &&
    said.term === entry.term &&
    said.position === entry.position &&
    equalBytes(said.hash, hash) &&
    verifyHead(head, claim.hubKey, (key, message, signature) =>
      crypto.verify(key, message, signature),
    )
  );
}

async function take(context: MovesContext, tx: Tx, succession: Succession): Promise<boolean> {
  const { store, roomLog, accounts } = context;
  const { entry, bytes, hash, founder, claim, groupInfo, head } = succession;
  const { room, generation, term, position } = entry;
  const before = await readHere(context, tx, room, claim);
  if (before === undefined || before.generation > generation) return false;
  if (position <= before.position) return false;
  const after = Math.min(claim.position, before.position);
  await roomLog.jumpTo(tx, room, position - 1, { head: signedHeadCodec.encode(head), after });
  await roomLog.append(tx, { room, position, bytes, handshake: true });
  for (const { client } of before.roster) {
    if (client === founder || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room, upTo: position });
  }
  const { hub, hubKey } = claim;
  await before.leave();
  const now = { term, epoch: 0, position, hash, seen: position, frozen: false };
  const id = await store.insertFollowed(tx, { room, generation, hub, hubKey, head: now });
  if (accounts.isLocal(userOfClient(founder))) {
    await store.replaceFollowedRoster(tx, id, [{ leaf: 0, client: founder }]);
  }
  await store.keepFollowedGroupInfo(tx, id, groupInfo);
  await store.deleteClaim(tx, room);
  await store.deleteHubOffer(tx, room);
  tx.afterCommit(() => {
    context.coming.delete(room);
    context.followed.drop(room);
    context.rooms.remove(room);
    context.env.log.warn("hubReplaced", { room, host: hub });
  });
  return true;
}

type Here = {
  readonly generation: number;
  readonly position: number;
  readonly roster: Roster;
  /** Removes what this server has of the room as hub or follower of before. */
  leave(): Promise<void>;
};

async function readHere(
  { store, crypto, env, rooms }: MovesContext,
  tx: Tx,
  name: RoomUri,
  claim: Predecessor["claim"],
): Promise<Here | undefined> {
  const followed = await store.followedRoom(tx, name);
  const at = followed && (await store.followedHead(tx, followed.id));
  if (followed !== undefined && at !== undefined) {
    return {
      generation: followed.generation,
      position: at.position,
      roster: await store.followedRoster(tx, followed.id),
      leave: () => store.deleteFollowed(tx, followed.id),
    };
  }
  const stored = await store.room(tx, name);
  if (stored === undefined) return undefined;
  const hosted = await rooms.get(name);
  const { head, generation } = stored;
  return {
    generation,
    position: head.position,
    roster: hosted.group.roster,
    async leave() {
      await store.forgetMoved(tx, name);
      await store.moveAway(tx, {
        room: name,
        roomId: stored.id,
        hub: claim.hub,
        position: Math.min(claim.position, head.position),
        signedHead: signedHeadOf(crypto, hosted, head).bytes,
        movedAt: env.now(),
      });
    },
  };
}
