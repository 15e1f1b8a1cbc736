import {
  groupUriOf,
  type HubOffer,
  LIMITS,
  Refusal,
  type RoomUri,
  signedHeadCodec,
  signHubConsent,
  userOfClient,
} from "@treehouse/protocol";
import { type FollowedRoom, termOf } from "../followed/index.ts";
import type { Caller } from "../ports.ts";
import type { MovesContext } from "./context.ts";
import type { StoredHubOffer } from "./store.ts";

/**
 * Gives a member this server's word that it takes the room over, in the term after the one that is
 * known here (FED-1121). Only for a room in which users of this server are. The key stays as long as
 * the term is the same: a hub may have accepted it already.
 *
 * Refusals: unknownRoom, notMember, notAllowed, conflict, storageFull.
 */
export async function offerHub(
  context: MovesContext,
  caller: Caller,
  name: RoomUri,
): Promise<HubOffer> {
  const { database, store, followed, crypto, domain, env } = context;
  const room = await followed.get(name);
  if (room === undefined) {
    const hosted = await database.read((tx) => store.hosts(tx, name));
    if (hosted) throw new Refusal("notAllowed", "This server is the room's hub already.");
    throw new Refusal("unknownRoom", "The room is not known here.");
  }
  if (room.head.frozen) throw new Refusal("conflict", "The room's hub has contradicted itself.");
  const offer = await database.transaction(async (tx) => {
    const roster = await store.followedRoster(tx, room.id);
    const isIn = roster.some(({ client }) => client === caller.client);
    const isOurs = roster.some(({ client }) => context.accounts.isLocal(userOfClient(client)));
    if (!isIn || !isOurs) {
      throw new Refusal("notMember", "Only members ask, of a server with members.");
    }
    const known = await store.hubOffer(tx, name);
    const term = nextTerm(room);
    const fresh = known?.term === term ? known : newOffer(context, name, term);
    const kept = { ...fresh, notAfter: env.now() + LIMITS.hubConsentMs };
    if (fresh === known) await store.extendHubOffer(tx, name, kept.notAfter);
    else await store.putHubOffer(tx, kept);
    return kept;
  });
  const named = { hub: domain, hubKey: offer.hubPublicKey, term: offer.term };
  const group = groupUriOf(name, room.generation);
  const consent = signHubConsent(group, named, offer.notAfter, (message) =>
    crypto.sign(offer.hubPrivateKey, message),
  );
  return { ...named, consent };
}

function nextTerm({ head, signedHead }: FollowedRoom): number {
  const newest = signedHead && signedHeadCodec.decode(signedHead).head;
  return termOf({ head, newest }) + 1;
}

function newOffer(
  { env, crypto }: MovesContext,
  room: RoomUri,
  term: number,
): Omit<StoredHubOffer, "notAfter"> {
  const hubPrivateKey = env.random(32);
  const hubPublicKey = crypto.ed25519PublicKey(hubPrivateKey);
  return { room, term, hubPrivateKey, hubPublicKey, prepared: undefined };
}
