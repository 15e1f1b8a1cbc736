import {
  type Actor,
  firstPositionOf,
  type GenerationClaim,
  generationClaimCodec,
  groupUriOf,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  parseUserUri,
  returningMark,
  type RoomChange,
  type RoomState,
  type RoomView,
  toHex,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";

const hub = parseDomain("example.org");
const named = (name: string): UserUri => parseUserUri(`mimi://example.org/u/${name}`);
const [olga, mia, zoe] = [named("olga"), named("mia"), named("zoe")];
const room = mintRoomUri(hub, (length) => new Uint8Array(length));
const previous = groupUriOf(room, 0);
const nothing: RoomChange = { added: [], removed: [], stateAfter: undefined, pendingRemovals: [] };
const clientOf = (user: UserUri) => mintClientUri(user, (length) => new Uint8Array(length));

const predecessor: NonNullable<RoomState["predecessor"]> = {
  claim: {
    previous,
    epoch: 7,
    transcript: new Uint8Array(32).fill(1),
    position: 40,
    hash: new Uint8Array(32).fill(2),
    formerHub: hub,
    hub,
    hubKey: new Uint8Array(32).fill(4),
    term: 1,
    reason: "reset",
  },
  endorsements: [{ client: clientOf(olga), signature: new Uint8Array(64).fill(3) }],
  returning: [returningMark(room, mia)],
};

/** What owners agree to whose hub is gone. */
export const goneClaim: GenerationClaim = {
  ...predecessor.claim,
  hub: parseDomain("example.net"),
  term: 3,
  reason: "hubGone",
};

/** FED-1121: the server that consents to be the hub of this group. */
export const nextHub = { hub: goneClaim.hub, hubKey: goneClaim.hubKey, term: goneClaim.term };
export const movedGroup = previous;

/** FED-1132: where a generation begins whose former hub is gone. */
export const firstPositions = [1, 2].map((formerTerm) => ({
  claim: toHex(generationClaimCodec.encode(goneClaim)),
  formerTerm,
  firstPosition: firstPositionOf(goneClaim, formerTerm),
}));

/** FED-1133: what a mark in `returning` begins with. */
export const returningContent = utf8Encode(`${room}\0${mia}`);

/** FED-1120, FED-1130: states of rooms that have moved, or begun anew. */
export function generationStates(founded: RoomState): readonly (readonly [string, RoomState])[] {
  const hubConsent = { notAfter: 1_767_225_600_000, signature: new Uint8Array(64).fill(7) };
  const moved = { ...founded, hub: parseDomain("example.net"), term: 2, hubConsent };
  return [
    ["a group that another server has taken over", moved],
    ["a group that has begun anew", { ...founded, predecessor }],
  ];
}

/** FED-1133: of a group with Mia at the leaves 2 and 3, and Olga, who owns it, at 0. */
export function generationDecisions(
  group: RoomView,
): readonly (readonly [string, RoomView, Actor, RoomChange])[] {
  const state = { ...group.state, predecessor };
  const alone = { state, participants: group.participants.filter(({ user }) => user === olga) };
  const all = { ...group, state };
  const owner: Actor = { kind: "member", user: olga };
  const comes = (user: UserUri): [Actor, RoomChange] => [
    { kind: "joiner", user, resync: false },
    { ...nothing, added: [{ user, client: clientOf(user) }] },
  ];
  const goes = { ...nothing, removed: [2, 3].map((leaf) => ({ user: mia, leaf })) };
  const without = { ...state, predecessor: { ...predecessor, returning: [] } };
  return [
    ["a user of the previous group joins", alone, ...comes(mia)],
    ["somebody else joins a group that has begun anew", alone, ...comes(zoe)],
    ["a user goes who could come back by itself", all, owner, goes],
    ["a user goes for good", all, owner, { ...goes, stateAfter: without }],
    ["an owner denies what was before", all, owner, { ...nothing, stateAfter: group.state }],
  ];
}
