import {
  authorizeGeneration,
  type Bytes,
  domainOf,
  endorsementsCodec,
  equalBytes,
  firstPositionOf,
  generationClaimCodec,
  Refusal,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { FollowedRoom } from "../followed/index.ts";
import { checkExternalSenders, insertGroup } from "../founding/index.ts";
import {
  checkListedClient,
  earlierAnswer,
  keepSuccess,
  listRemoteClients,
  type Request,
  requestKey,
  signedHeadOf,
} from "../room/index.ts";
import type { MovesContext } from "../moves/context.ts";
import { announce } from "./announce.ts";
import type { GenerationUpload } from "./begin-anew.ts";
import { type NewGeneration, readGeneration } from "./check-group.ts";
import { knownState, type KnownState } from "./known-state.ts";
import { readersSince } from "./peer-ranges.ts";
import type { StoredClaim } from "./store.ts";

/**
 * Goes on with a room that this server has followed and whose hub is gone, with the group that an owner has
 * made and that enough owners have agreed to (FED-1137). All others with members are told, the former hub
 * as well, whenever it is back.
 *
 * Refusals: unknownRoom, conflict, clientMismatch, claimInvalid, ownersMissing, invalidCommit,
 * identityInvalid, peerUnreachable, limitExceeded, storageFull.
 */
export async function takeUp(
  context: MovesContext,
  request: Request,
  upload: GenerationUpload,
): Promise<Bytes> {
  const key = requestKey({ ...request, near: 0 });
  try {
    return await attempt(context, request, upload, key);
  } catch (error) {
    const earlier = await earlierAnswer(context, key, error);
    if (earlier === undefined) throw error;
    return earlier;
  }
}

async function attempt(
  context: MovesContext,
  { caller, room: name }: Request,
  upload: GenerationUpload,
  key: Bytes,
): Promise<Bytes> {
  const { database, store, followed, domain, env } = context;
  const room = await followed.get(name);
  if (room === undefined) throw new Refusal("unknownRoom", "The room is not followed here.");
  const stored = await database.read((tx) => store.claim(tx, name));
  const at = env.now();
  const wanted = { room: name, former: room.generation, client: caller.client };
  const made = await readGeneration(context, { ...upload, at }, wanted);
  if (stored === undefined || stored.expiresAt <= at || !isAgreed(stored, made)) {
    throw new Refusal("claimInvalid", "This is not what was agreed to here.");
  }
  const known = await knownState(context, room);
  const verdict = authorizeGeneration(known.view, made.state, made.founder);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  checkExternalSenders(made.group, { domain, key: made.predecessor.claim.hubKey });
  const remote = await listRemoteClients(context, [caller.client]);
  return database.transaction(async (tx) => {
    const entering = { group: made.group, remote, isNew: true };
    await checkListedClient(context, tx, entering, made.founder);
    return write(context, tx, { room, stored, made, known, upload, key, at });
  });
}

/** The claim is the one that is kept here, and each endorsement one that was verified. */
function isAgreed({ claim, endorsements }: StoredClaim, { predecessor }: NewGeneration): boolean {
  const verified = endorsementsCodec.decode(endorsements);
  return (
    equalBytes(claim, generationClaimCodec.encode(predecessor.claim)) &&
    predecessor.endorsements.every(({ client, signature }) =>
      verified.some((one) => one.client === client && equalBytes(one.signature, signature)),
    )
  );
}

type Writing = {
  readonly room: FollowedRoom;
  readonly stored: StoredClaim;
  readonly made: NewGeneration;
  readonly known: KnownState;
  readonly upload: GenerationUpload;
  readonly key: Bytes;
  readonly at: number;
};

async function write(context: MovesContext, tx: Tx, writing: Writing): Promise<Bytes> {
  const { store, crypto, roomLog, domain } = context;
  const { room: former, stored, made, known, upload, key, at } = writing;
  const { group, founder, predecessor } = made;
  const { claim } = predecessor;
  const before = await store.followedHead(tx, former.id);
  const isHere = before?.position === claim.position && equalBytes(before.hash, claim.hash);
  if (!isHere) {
    throw new Refusal("claimInvalid", "The room has gone on since this was agreed to.");
  }
  const hubKey = { privateKey: stored.hubPrivateKey, publicKey: claim.hubKey };
  const { room } = former;
  const generation = former.generation + 1;
  const next = { room, generation, term: claim.term, termSince: 0, hubKey, group };
  const first = firstPositionOf(claim, known.view.state.term);
  const after = { position: first - 1, hash: claim.hash };
  const since = await readersSince(roomLog, tx, room, known.roster);
  const peers = [...since.keys()].filter((server) => server !== domain).toSorted();
  const jump = { head: signedHeadOf(crypto, next, after).bytes, after: claim.position };
  await roomLog.jumpTo(tx, room, after.position, jump);
  const { roster } = known;
  const { groupInfo } = upload;
  const said = { next, founder, groupInfo, after, roster, peers, at };
  const { point, head } = await announce(context, tx, said);
  const id = await insertGroup(context, tx, { room: next, point, at, entered: true });
  for (const peer of peers) {
    const until = peer === domainOf(founder) ? undefined : point.position;
    await store.addPeerRange(tx, id, { peer, since: since.get(peer) ?? 1, until });
  }
  await store.deleteFollowed(tx, former.id);
  await store.deleteClaim(tx, room);
  await store.forgetMoved(tx, room);
  await store.deleteHubOffer(tx, room);
  tx.afterCommit(() => {
    context.coming.delete(room);
    context.followed.drop(room);
    context.rooms.remove(room);
    context.env.log.info("roomTakenUp", { room });
  });
  return keepSuccess(context, tx, key, { at, head });
}
