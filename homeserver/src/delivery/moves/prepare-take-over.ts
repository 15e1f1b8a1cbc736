import { registerGroup } from "@treehouse/mls/public";
import type { PublicGroup } from "@treehouse/mls/public";
import {
  decodeRoomState,
  equalBytes,
  groupUriOf,
  LIMITS,
  Refusal,
  takeOverRequestCodec,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes, Domain, RoomUri, TakeOverRequest } from "@treehouse/protocol";
import type { MovesContext } from "./context.ts";
import type { StoredHubOffer } from "./store.ts";

/**
 * The hub of a room says what this server is to take over, before it accepts the commit that makes
 * this server the hub (FED-1123): the group as it will be, and who is still to be removed. It is
 * kept until the log of that hub ends, or it says something else.
 *
 * Refusals: malformed, notHub, conflict, notAllowed, invalidCommit, identityInvalid, limitExceeded,
 * storageFull.
 */
export async function prepareTakeOver(
  context: MovesContext,
  peer: Domain,
  name: RoomUri,
  request: Bytes,
): Promise<void> {
  const { database, store, followed, env } = context;
  const room = await followed.get(name);
  if (room?.hub !== peer) throw new Refusal("notHub", "Another server is the room's hub.");
  if (room.head.frozen) throw new Refusal("conflict", "The room's hub has contradicted itself.");
  const offer = await database.read((tx) => store.hubOffer(tx, name));
  if (offer === undefined || offer.notAfter < env.now()) {
    throw new Refusal("notAllowed", "This server has not consented to be the room's hub.");
  }
  const given = takeOverRequestCodec.decode(request);
  const group = await groupToTakeOver(context, given);
  if (group.group !== groupUriOf(name, room.generation) || !names(context, offer, group)) {
    throw new Refusal("notAllowed", "This server has consented to something else.");
  }
  const isOurs = group.roster.some(({ client }) => context.accounts.isLocal(userOfClient(client)));
  if (!isOurs) throw new Refusal("notMember", "No user of this server is in the room.");
  await database.transaction((tx) => store.prepareTakeOver(tx, name, request));
}

/** What was handed over, checked as whoever joins checks it. */
export function groupToTakeOver(
  { crypto, env }: Pick<MovesContext, "crypto" | "env">,
  { groupInfo, ratchetTree }: Pick<TakeOverRequest, "groupInfo" | "ratchetTree">,
): Promise<PublicGroup> {
  const leavesMax = LIMITS.treeLeavesMax;
  return registerGroup({ crypto }, { groupInfo, ratchetTree, at: env.now(), leavesMax });
}

function names(
  { domain }: Pick<MovesContext, "domain">,
  { term, hubPublicKey }: StoredHubOffer,
  group: PublicGroup,
): boolean {
  const state = decodeRoomState(group.roomState);
  const hasKey = state.hubKey !== undefined && equalBytes(state.hubKey, hubPublicKey);
  return state.hub === domain && state.term === term && hasKey;
}
