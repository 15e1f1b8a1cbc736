import { toHex } from "../bytes/index.ts";
import { type ClientUri, domainOf, roomOfGroup, userOfClient } from "../identifiers/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import {
  type GenerationClaim,
  isEnded,
  ownerRole,
  type Predecessor,
  returningMark,
  type RoomState,
  RULES_VERSION,
  TERMS_AHEAD_MAX,
} from "../room/index.ts";
import { roleLookup } from "./role-of.ts";
import { ALLOWED, refused, type Verdict } from "./room-change.ts";
import type { RoomView } from "./room-view.ts";
import { sameValue } from "./state-rules.ts";

/**
 * FED-1131: whose word counts for a claim. At the same hub: the owners. If the hub is gone, those of
 * them who are not its own users, for nothing is heard of these.
 */
export function claimantsOf(
  { state, participants }: RoomView,
  { reason, formerHub }: Pick<GenerationClaim, "reason" | "formerHub">,
): readonly UserUri[] {
  const [owner, role] = [ownerRole(state), roleLookup(state)];
  return participants
    .map(({ user }) => user)
    .filter((user) => role(user) === owner)
    .filter((user) => reason === "reset" || domainOf(user) !== formerHub);
}

/** How many of them have to agree: one for a reset, and more than half if the hub is gone. */
export function endorsersNeeded(
  view: RoomView,
  claim: Pick<GenerationClaim, "reason" | "formerHub">,
): number {
  if (claim.reason === "reset") return 1;
  return Math.floor(claimantsOf(view, claim).length / 2) + 1;
}

/**
 * FED-1131, the one state in which the room goes on: what it said before, with the hub of the claim, and a
 * mark for everybody who was there or could have come back, but for whoever begins.
 */
export function nextGeneration(
  { state, participants }: RoomView,
  { claim, endorsements }: Pick<Predecessor, "claim" | "endorsements">,
  founder: UserUri,
): RoomState {
  const { hubConsent: _consent, predecessor, ...same } = state;
  const { room } = roomOfGroup(claim.previous);
  const marks = participants
    .filter(({ leaves }) => leaves.length > 0)
    .map(({ user }) => returningMark(room, user));
  const own = toHex(returningMark(room, founder));
  const returning = new Map(
    [...(predecessor?.returning ?? []), ...marks].map((mark) => [toHex(mark), mark]),
  );
  returning.delete(own);
  const { hub, hubKey, term } = claim;
  return {
    ...same,
    hub,
    hubKey,
    term,
    predecessor: {
      claim,
      endorsements,
      returning: [...returning].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, mark]) => mark),
    },
  };
}

/**
 * FED-1131: whether a room may go on with a group that has this state and only this leaf, as far as it
 * can be told without keys: that every endorsement is signed, and by whom, is judged by `areEndorsed`.
 */
export function authorizeGeneration(
  before: RoomView,
  after: RoomState,
  founder: ClientUri,
): Verdict {
  const { state } = before;
  const { predecessor } = after;
  if (state.rulesVersion !== RULES_VERSION) {
    return refused("versionUnsupported", `Rules version ${state.rulesVersion} is not known.`);
  }
  if (predecessor === undefined) return refused("claimInvalid", "The group follows no other.");
  if (isEnded(state)) return refused("notAllowed", "The room has ended.");
  const { claim, endorsements } = predecessor;
  const fault = claimFault(state, claim);
  if (fault !== undefined) return refused("claimInvalid", fault);
  if (!endorsements.some(({ client }) => client === founder)) {
    return refused("claimInvalid", "Who begins the group has not endorsed the claim.");
  }
  const claimants = new Set(claimantsOf(before, claim));
  const agreed = new Set(
    endorsements.map(({ client }) => userOfClient(client)).filter((user) => claimants.has(user)),
  );
  if (!agreed.has(userOfClient(founder)) || agreed.size < endorsersNeeded(before, claim)) {
    return refused("ownersMissing", "Too few owners of the room agree.");
  }
  return sameValue(after, nextGeneration(before, predecessor, userOfClient(founder)))
    ? ALLOWED
    : refused("claimInvalid", "The group does not begin with what the room said before.");
}

function claimFault(state: RoomState, claim: GenerationClaim): string | undefined {
  if (claim.formerHub !== state.hub) return "The claim names another former hub.";
  const same = claim.hub === state.hub;
  if (claim.reason === "reset") {
    const isKept = same && claim.term === state.term && sameKey(state, claim);
    return isKept ? undefined : "A reset leaves the hub, its key and its term.";
  }
  const ahead = claim.term - state.term;
  const isLater = !same && ahead > 0 && ahead <= TERMS_AHEAD_MAX;
  return isLater ? undefined : "The claim names no other hub in a later term.";
}

/** A state may leave out the key of its founding hub. */
function sameKey({ hubKey }: RoomState, claim: GenerationClaim): boolean {
  return hubKey === undefined || sameValue(hubKey, claim.hubKey);
}
