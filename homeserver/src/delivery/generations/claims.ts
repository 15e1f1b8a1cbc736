import {
  type Bytes,
  claimantsOf,
  type Endorsement,
  endorsementsCodec,
  equalBytes,
  type GenerationClaim,
  generationClaimCodec,
  groupUriOf,
  LIMITS,
  Refusal,
  type RoomUri,
  signedHeadCodec,
  updateRoomResponseCodec,
  userOfClient,
  verifyEndorsement,
} from "@treehouse/protocol";
import { type FollowedRoom, termOf } from "../followed/index.ts";
import type { MovesContext } from "../moves/context.ts";
import type { Request } from "../room/index.ts";
import { gather } from "./gather.ts";
import { knownState, type KnownState, listedKeys } from "./known-state.ts";
import type { StoredClaim } from "./store.ts";

/**
 * What the owners of a room whose hub is gone have to agree to, for it to go on at this server, and who has
 * (FED-1137). One that brings an endorsement agrees by it; one that does not asks, and then the hub is asked
 * once more, and all others for what they have of the log.
 *
 * Refusals: unknownRoom, notMember, notAllowed, conflict, ownersMissing, claimInvalid, peerUnreachable,
 * storageFull.
 */
export async function answerClaim(
  context: MovesContext,
  { caller, room: name }: Request,
  endorsement: Endorsement | undefined,
): Promise<Bytes> {
  const room = await followedHere(context, name);
  const { roster } = await knownState(context, room);
  const isOurs = roster.some(({ client }) => context.accounts.isLocal(userOfClient(client)));
  if (!isOurs || !roster.some(({ client }) => client === caller.client)) {
    throw new Refusal("notMember", "Only members ask, of a server with members.");
  }
  if (endorsement === undefined) {
    await checkGone(context, room);
    await gather(context, name);
  }
  const now = await followedHere(context, name);
  const known = await knownState(context, now);
  const stored = await claimFor(context, now, known);
  const claim = generationClaimCodec.decode(stored.claim);
  if (endorsement !== undefined && endorsement.client !== caller.client) {
    throw new Refusal("clientMismatch", "The endorsement is another client's.");
  }
  const kept =
    endorsement === undefined
      ? stored
      : await endorse(context, known, { stored, claim, endorsement });
  const endorsements = endorsementsCodec.decode(kept.endorsements);
  return updateRoomResponseCodec.encode({ code: "claim", claim, endorsements });
}

async function followedHere(
  { followed, database, store }: MovesContext,
  name: RoomUri,
): Promise<FollowedRoom> {
  const room = await followed.get(name);
  if (room === undefined) {
    const hosted = await database.read((tx) => store.hosts(tx, name));
    if (hosted) throw new Refusal("notAllowed", "This server is the room's hub already.");
    throw new Refusal("unknownRoom", "The room is not known here.");
  }
  return room;
}

/** A hub that answers anything is not gone; one that has contradicted itself is heard no more (FED-952). */
async function checkGone({ hubs }: MovesContext, { room, hub, head }: FollowedRoom): Promise<void> {
  if (head.frozen) return;
  try {
    await hubs.events(hub, room, { after: head.position, limit: 1 });
  } catch (error) {
    if (error instanceof Refusal && error.code === "peerUnreachable") return;
    if (!(error instanceof Refusal)) throw error;
  }
  throw new Refusal("notAllowed", "The room's hub answers: it can hand the room over by itself.");
}

/** The claim that fits what is here now; one that does not any more is over, with all that was agreed. */
async function claimFor(
  context: MovesContext,
  room: FollowedRoom,
  { view, transcript }: KnownState,
): Promise<StoredClaim> {
  const { env, database, store, crypto, domain } = context;
  const { head, generation, room: name } = room;
  if (head.hash.length === 0) {
    throw new Refusal("conflict", "Entries of the room are missing here.");
  }
  const newest = room.signedHead && signedHeadCodec.decode(room.signedHead).head;
  const hubPrivateKey = env.random(32);
  const fresh: GenerationClaim = {
    previous: groupUriOf(name, generation),
    epoch: head.epoch,
    transcript,
    position: head.position,
    hash: head.hash,
    formerHub: view.state.hub,
    hub: domain,
    hubKey: crypto.ed25519PublicKey(hubPrivateKey),
    term: termOf({ head, newest }) + 1,
    reason: "hubGone",
  };
  return database.transaction(async (tx) => {
    const stored = await store.claim(tx, name);
    if (stored !== undefined && stored.expiresAt > env.now() && isSame(stored, fresh))
      return stored;
    const added = {
      room: name,
      claim: generationClaimCodec.encode(fresh),
      endorsements: endorsementsCodec.encode([]),
      hubPrivateKey,
      expiresAt: env.now() + LIMITS.claimKeptMs,
    };
    await store.putClaim(tx, added);
    return added;
  });
}

/** The same but for the key, which is made for the claim. */
function isSame({ claim }: StoredClaim, fresh: GenerationClaim): boolean {
  const { hubKey } = generationClaimCodec.decode(claim);
  return equalBytes(claim, generationClaimCodec.encode({ ...fresh, hubKey }));
}

async function endorse(
  context: MovesContext,
  { view }: KnownState,
  given: {
    readonly stored: StoredClaim;
    readonly claim: GenerationClaim;
    readonly endorsement: Endorsement;
  },
): Promise<StoredClaim> {
  const { stored, claim, endorsement } = given;
  const { client } = endorsement;
  if (!claimantsOf(view, claim).includes(userOfClient(client))) {
    throw new Refusal("ownersMissing", "Only owners agree, and none whose server is the one gone.");
  }
  const key = (await listedKeys(context, [client])).get(client);
  const { crypto, database, store } = context;
  const isSigned =
    key !== undefined &&
    verifyEndorsement(claim, endorsement, key, (by, message, signature) =>
      crypto.verify(by, message, signature),
    );
  if (!isSigned) throw new Refusal("claimInvalid", "The endorsement is of another claim.");
  return database.transaction(async (tx) => {
    const now = await store.claim(tx, stored.room);
    if (now === undefined || !equalBytes(now.claim, stored.claim)) {
      throw new Refusal("claimInvalid", "The room has gone on meanwhile.");
    }
    const others = endorsementsCodec
      .decode(now.endorsements)
      .filter((one) => one.client !== client);
    const endorsements = [...others, endorsement].toSorted((a, b) =>
      a.client < b.client ? -1 : 1,
    );
    const kept = { ...now, endorsements: endorsementsCodec.encode(endorsements) };
    await store.putClaim(tx, kept);
    return kept;
  });
}
