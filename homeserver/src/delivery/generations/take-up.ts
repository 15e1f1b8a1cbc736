import {
  authorizeGeneration,
  domainOf,
  endorsementsCodec,
  equalBytes,
  firstPositionOf,
  generationClaimCodec,
  Refusal,
  TOMBSTONE_REASONS,
  updateRoomResponseCodec,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { FollowedRoom } from "../followed/room.ts";
import { checkExternalSenders } from "../found.ts";
import { signedHeadOf } from "../heads.ts";
import { checkListedClient, listRemoteClients } from "../identity.ts";
import { appendEntry } from "../log.ts";
import type { MovesContext } from "../moves/context.ts";
import { answerExpiry, earlierAnswer, requestKey } from "../request.ts";
import type { Request } from "../request.ts";
import { storedEpoch } from "../room.ts";
import type { GenerationUpload } from "./begin-anew.ts";
import { readGeneration } from "./check-group.ts";
import type { NewGeneration } from "./check-group.ts";
import { knownState } from "./known-state.ts";
import type { KnownState } from "./known-state.ts";
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
  const { store, crypto, roomLog, accounts, domain } = context;
  const { room: former, stored, made, known, upload, key, at } = writing;
  const { group, founder, predecessor } = made;
  const { claim } = predecessor;
  const head = await store.followedHead(tx, former.id);
  const isHere = head?.position === claim.position && equalBytes(head.hash, claim.hash);
  if (!isHere || head.frozen) {
    throw new Refusal("claimInvalid", "The room has gone on since this was agreed to.");
  }
  const hubKey = { privateKey: stored.hubPrivateKey, publicKey: claim.hubKey };
  const { room, generation: before } = former;
  const next = { room, generation: before + 1, term: claim.term, hubKey, group };
  const first = firstPositionOf(claim, known.view.state.term);
  const base = { position: first - 1, hash: claim.hash };
  const since = await readersSince(roomLog, tx, room, known.roster);
  const peers = [...since.keys()].filter((server) => server !== domain).toSorted();
  const jump = { head: signedHeadOf(crypto, next, base).bytes, after: claim.position };
  await roomLog.jumpTo(tx, room, base.position, jump);
  const introduction = { hubKey: hubKey.publicKey, roster: group.roster };
  const point = await appendEntry(
    context,
    tx,
    { hosted: next, after: base, acceptedAt: at, peers },
    { kind: "tombstone", reason: TOMBSTONE_REASONS.begun, replaced: base.hash, detail: founder },
    (here) => {
      const signed = signedHeadOf(crypto, next, here).signed;
      const parcel = { head: signed, groupInfo: upload.groupInfo, introduction };
      return new Map(peers.map((peer) => [peer, parcel]));
    },
  );
  for (const { client } of known.roster) {
    if (client === founder || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room, upTo: point.position });
  }
  const signed = signedHeadOf(crypto, next, point);
  const written = group.store();
  const id = await store.insertRoom(tx, {
    room,
    generation: next.generation,
    term: next.term,
    termSince: 0,
    hubPrivateKey: hubKey.privateKey,
    hubPublicKey: hubKey.publicKey,
    foundedAt: at,
    signedHead: signed.bytes,
    head: {
      ...point,
      epoch: group.epoch,
      revision: 0,
    },
    epoch: storedEpoch(group, written, {
      startedAt: at,
      entered: true,
    }),
    nodes: written.nodes,
    members: group.roster.map(({ leaf, client }) => ({
      leaf,
      client,
      user: userOfClient(client),
    })),
  });
  for (const peer of peers) {
    const until = peer === domainOf(founder) ? undefined : point.position;
    await store.addPeerRange(tx, id, { peer, since: since.get(peer) ?? 1, until });
  }
  await store.deleteFollowed(tx, former.id);
  await store.deleteClaim(tx, room);
  await store.forgetMoved(tx, room);
  const answer = updateRoomResponseCodec.encode({
    code: "success",
    acceptedAt: at,
    position: point.position,
    head: signed.signed,
    firstMessagePosition: undefined,
  });
  await store.keepAnswer(tx, key, answer, answerExpiry(at));
  tx.afterCommit(() => {
    context.followed.drop(room);
    context.rooms.remove(room);
    context.env.log.info("roomTakenUp", { room });
  });
  return answer;
}
