import {
  areEndorsed,
  authorizeGeneration,
  claimantsOf,
  compareClaims,
  firstPositionOf,
  groupUriOf,
  roomView,
  userOfClient,
} from "@treehouse/protocol";
import type {
  Bytes,
  ClientUri,
  Domain,
  Predecessor,
  RoomState,
  RoomUri,
  RoomView,
  UserUri,
} from "@treehouse/protocol";
import type { MovesContext } from "../moves/context.ts";
import { takeChain } from "./gather.ts";
import { listedKeys, newestState } from "./known-state.ts";
import type { Succession } from "./succession.ts";
import { viewAt } from "./view-at.ts";
import type { KnownRoom } from "./view-at.ts";

/** A room as it stands here before. */
type Former = KnownRoom & {
  readonly position: number;
  /** Of the leaves, where the tree is here. */
  readonly keys: ReadonlyMap<ClientUri, Bytes>;
};

/**
 * Whether enough owners have agreed that a room goes on at the server that brings this, and to nothing that
 * came after, or is less than, what is here (FED-1138). What the former hub had before that, and this server
 * has not, is asked for on the way.
 */
export async function isAgreedTo(
  context: MovesContext,
  peer: Domain,
  succession: Succession,
  state: RoomState,
): Promise<boolean> {
  const { entry, claim } = succession;
  const before = await formerOf(context, entry.room);
  if (before === undefined || entry.position <= before.position) return false;
  if (state.predecessor === undefined) return false;
  const made: Made = { state, predecessor: state.predecessor };
  if (entry.generation === before.generation) return isRival(context, before, succession, made);
  const isNext =
    entry.generation === before.generation + 1 &&
    claim.previous === groupUriOf(entry.room, before.generation);
  if (!isNext) return false;
  // Nobody is asked for keys, nor for what is missing, because of a claim that is nobody's.
  if (before.position >= claim.position) {
    return (await isNextOf(context, before, succession, made)) && isSigned(context, before, made);
  }
  const view = presentView(before);
  if (view === undefined || !isAgreed(view, made.predecessor)) return false;
  if (!(await isSigned(context, before, made))) return false;
  await catchUp(context, peer, succession);
  const former = await formerOf(context, entry.room);
  return former !== undefined && isNextOf(context, former, succession, made);
}

type Made = { readonly state: RoomState; readonly predecessor: Predecessor };

/** What the new hub had of the former one and this server has not. */
async function catchUp(
  context: MovesContext,
  peer: Domain,
  { entry, claim }: Succession,
): Promise<void> {
  const room = await context.followed.get(entry.room);
  if (room === undefined) return;
  const { position, hash, epoch } = claim;
  const end = { position, hash, epoch };
  await takeChain(context, room, { peer, end, heads: [], groupInfo: undefined });
}

/** As the room was where the claim says; where that is not known any more, as it is, by its owners alone. */
async function isNextOf(
  context: MovesContext,
  former: Former,
  { entry, founder, claim }: Succession,
  { state, predecessor }: Made,
): Promise<boolean> {
  const { position, epoch } = claim;
  const then = await context.database.read((tx) =>
    viewAt(context, tx, former, { position, epoch }),
  );
  const view = then ?? presentView(former);
  if (view === undefined || entry.position !== firstPositionOf(claim, view.state.term)) {
    return false;
  }
  if (then === undefined) return isAgreed(view, predecessor);
  if (!authorizeGeneration(then, state, founder).allowed) return false;
  return former.position === position || areStill(context, former, then, { founder, predecessor });
}

/**
 * Whether those who have agreed are owners yet, where the log has gone on since: what was agreed to once, and
 * not done, brings nobody back who has lost that role.
 */
async function areStill(
  context: MovesContext,
  former: Former,
  then: RoomView,
  {
    founder,
    predecessor: { claim, endorsements },
  }: {
    readonly founder: ClientUri;
    readonly predecessor: Predecessor;
  },
): Promise<boolean> {
  const end = { position: former.position, epoch: Infinity };
  const now = await context.database.read((tx) => viewAt(context, tx, former, end));
  if (now === undefined) return true;
  const owners = new Set(claimantsOf(now, claim));
  const agreed = new Set(endorsements.map(({ client }) => userOfClient(client)));
  const isMost = owners.intersection(agreed).size > claimantsOf(then, claim).length / 2;
  return isMost && owners.has(userOfClient(founder));
}

async function isRival(
  context: MovesContext,
  former: Former,
  { claim }: Succession,
  made: Made,
): Promise<boolean> {
  const known = former.newest?.state.predecessor?.claim;
  const counts =
    known !== undefined && known.previous === claim.previous && compareClaims(claim, known) > 0;
  const view = presentView(former);
  if (!counts || view === undefined || !isAgreed(view, made.predecessor)) return false;
  return isSigned(context, { keys: new Map() }, made);
}

async function isSigned(
  context: MovesContext,
  { keys }: Pick<Former, "keys">,
  { predecessor }: Made,
): Promise<boolean> {
  const clients = predecessor.endorsements.map(({ client }) => client);
  const listed = await listedKeys(
    context,
    clients.filter((client) => !keys.has(client)),
  );
  const { crypto } = context;
  return areEndorsed(
    predecessor,
    (client) => keys.get(client) ?? listed.get(client),
    (key, message, signature) => crypto.verify(key, message, signature),
  );
}

function presentView({ newest, roster }: Former): RoomView | undefined {
  return newest && roomView(newest.state, roster);
}

/** As the owners are known, also those who have not come back into another generation yet. */
function isAgreed(
  { state, participants }: RoomView,
  { claim, endorsements }: Predecessor,
): boolean {
  const there = new Set<UserUri>([
    ...participants.map(({ user }) => user),
    ...state.assignments.map(({ user }) => user),
  ]);
  const all = { state, participants: [...there].map((user) => ({ user, leaves: [0] })) };
  const claimants = new Set(claimantsOf(all, claim));
  const agreed = new Set(endorsements.map(({ client }) => userOfClient(client)));
  return agreed.intersection(claimants).size > claimants.size / 2;
}

async function formerOf(context: MovesContext, room: RoomUri): Promise<Former | undefined> {
  const { followed, rooms, database, store } = context;
  const known = await followed.get(room);
  if (known !== undefined) {
    const { generation, head } = known;
    const roster = await database.read((tx) => store.followedRoster(tx, known.id));
    const newest = await newestState(context, known);
    return { room, generation, roster, newest, position: head.position, keys: new Map() };
  }
  if (!(await database.read((tx) => store.hosts(tx, room)))) return undefined;
  const hosted = await rooms.get(room);
  const head = await database.read((tx) => store.head(tx, hosted.id));
  if (head === undefined) return undefined;
  const { generation, view, group } = hosted;
  const { roster, epoch } = group;
  const keys = new Map(roster.map(({ leaf, client }) => [client, group.signatureKeyOf(leaf)]));
  const newest = { epoch, state: view.state };
  return { room, generation, roster, newest, position: head.position, keys };
}
