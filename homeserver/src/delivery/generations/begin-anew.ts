import {
  areEndorsed,
  authorizeGeneration,
  type Bytes,
  chainHashOf,
  decodeEntry,
  domainOf,
  equalBytes,
  type GenerationClaim,
  Refusal,
} from "@treehouse/protocol";
import { sha256, type Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { checkExternalSenders, insertGroup } from "../founding/index.ts";
import {
  type Attempt,
  checkListedClient,
  hasMoved,
  type HostedRoom,
  keepSuccess,
  listRemoteClients,
  MOVED,
  type RemoteClients,
  type Request,
} from "../room/index.ts";
import { checkSender } from "../messages/submission.ts";
import { announce } from "./announce.ts";
import { type NewGeneration, readGeneration } from "./check-group.ts";

export type GenerationUpload = { readonly groupInfo: Bytes; readonly ratchetTree: Bytes };

/**
 * Puts another group in the place of the room's, at this same hub, because an owner says so: the way
 * out when nobody can apply the epoch that the hub is in. The log goes on with an entry that says it, which
 * is the last one for all but the one client that begins.
 *
 * Refusals: notMember, removed, clientMismatch, claimInvalid, ownersMissing, invalidCommit, notAllowed,
 * identityInvalid, peerUnreachable, limitExceeded, storageFull, versionUnsupported.
 */
export async function beginAnew(
  context: DeliveryContext,
  { caller, room }: Request,
  { hosted, key }: Attempt,
  upload: GenerationUpload,
): Promise<Bytes | typeof MOVED> {
  checkSender(hosted, caller);
  const at = context.env.now();
  const wanted = { room, former: hosted.generation, client: caller.client };
  const made = await readGeneration(context, { ...upload, at }, wanted);
  checkExternalSenders(made.group, {
    domain: hosted.view.state.hub,
    key: hosted.hubKey.publicKey,
  });
  await checkClaim(context, hosted, made.predecessor.claim);
  checkEndorsed(context, hosted, made);
  const remote = await listRemoteClients(context, [caller.client]);
  return context.database.transaction((tx) =>
    write(context, tx, { hosted, key, made, upload, remote, at }),
  );
}

/** The claim is about this very group, in the epoch in which it is, and about an entry of this log. */
async function checkClaim(
  { database, roomLog }: Pick<DeliveryContext, "database" | "roomLog">,
  { room, group, hubKey }: HostedRoom,
  claim: GenerationClaim,
): Promise<void> {
  const fits =
    claim.reason === "reset" &&
    claim.previous === group.group &&
    equalBytes(claim.hubKey, hubKey.publicKey);
  if (!fits) throw new Refusal("claimInvalid", "The claim is about another group or hub.");
  if (claim.epoch !== group.epoch) {
    const data = { currentEpoch: group.epoch };
    throw new Refusal("wrongEpoch", "The claim is about another epoch.", data);
  }
  if (!equalBytes(claim.transcript, group.confirmedTranscriptHash)) {
    throw new Refusal("claimInvalid", "The claim is about another epoch of this number.");
  }
  if (claim.position === 0) return;
  const range = { after: claim.position - 1, upTo: claim.position };
  const [entry] = (await database.read((tx) => roomLog.readLog(tx, room, range))).entries;
  const isOurs =
    entry !== undefined &&
    equalBytes(chainHashOf(decodeEntry(entry.bytes, "sliced"), entry.bytes, sha256), claim.hash);
  if (!isOurs) throw new Refusal("claimInvalid", "The claim names an entry that is not there.");
}

function checkEndorsed(
  { crypto }: Pick<DeliveryContext, "crypto">,
  { view, group, leafOf }: HostedRoom,
  { state, predecessor, founder }: NewGeneration,
): void {
  const verdict = authorizeGeneration(view, state, founder);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  const isEndorsed = areEndorsed(
    predecessor,
    (client) => {
      const leaf = leafOf.get(client);
      return leaf === undefined ? undefined : group.signatureKeyOf(leaf);
    },
    (by, message, signature) => crypto.verify(by, message, signature),
  );
  if (!isEndorsed) throw new Refusal("claimInvalid", "An endorsement is not signed by its client.");
}

type Writing = {
  readonly hosted: HostedRoom;
  readonly key: Bytes;
  readonly made: NewGeneration;
  readonly upload: GenerationUpload;
  readonly remote: RemoteClients;
  readonly at: number;
};

async function write(
  context: DeliveryContext,
  tx: Tx,
  { hosted, key, made, upload, remote, at }: Writing,
): Promise<Bytes | typeof MOVED> {
  const { store, rooms } = context;
  const { group, founder } = made;
  const before = await store.head(tx, hosted.id);
  if (before === undefined || hasMoved(hosted, before)) return MOVED;
  await checkListedClient(context, tx, { group, remote, isNew: true }, founder);
  const { room, term, termSince, hubKey, peers } = hosted;
  const next = { room, generation: hosted.generation + 1, term, termSince, hubKey, group };
  const { roster } = hosted.group;
  const { groupInfo } = upload;
  const said = { next, founder, groupInfo, after: before, roster, peers, at };
  const { point, head } = await announce(context, tx, said);
  for (const peer of peers) {
    if (peer !== domainOf(founder)) await store.endPeer(tx, hosted.id, peer, point.position);
  }
  const ranges = await store.allPeerRanges(tx, hosted.id);
  const uses = await store.linkUses(tx, hosted.id);
  await store.deleteRoom(tx, hosted.id);
  const revision = hosted.revision + 1;
  const id = await insertGroup(context, tx, { room: next, point, revision, at, entered: true });
  for (const range of ranges) await store.addPeerRange(tx, id, range);
  for (const use of uses) await store.addLinkUse(tx, id, use);
  tx.afterCommit(() => rooms.remove(room));
  return keepSuccess(context, tx, key, { at, head });
}
