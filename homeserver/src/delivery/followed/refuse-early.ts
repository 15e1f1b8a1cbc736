import { readChange, readStateOf } from "@treehouse/mls/public";
import type { CommitChange } from "@treehouse/mls/public";
import {
  authorize,
  componentOf,
  decodeRoomState,
  decodeSafeAad,
  equalBytes,
  isBanned,
  JOIN_TICKET_COMPONENT,
  LIMITS,
  maySend,
  peekMlsMessage,
  Refusal,
  roomView,
  submitMessageRequestCodec,
  updateRequestCodec,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes, RoomState, RoomUri, RoomView, Verdict } from "@treehouse/protocol";
import type { Caller } from "../ports.ts";
import type { FollowedContext } from "./context.ts";

type EarlyContext = Pick<FollowedContext, "database" | "store" | "followed" | "env">;

/** A followed room in its current epoch, as far as this server knows it. */
type Known = { readonly groupInfo: Bytes; readonly epoch: number; readonly view: RoomView };

/** By room; holds as long as the GroupInfo is the same. */
const remembered = new WeakMap<EarlyContext["store"], Map<RoomUri, Known>>();
const rememberedMax = 256;

/** An operator does not look sooner. */
const stoppedRetryMs = 60_000;

/**
 * FED-952: a room that is stopped takes nothing of its hub, so nobody here would see what becomes of what
 * they say there. Refuses `roomStopped`.
 */
export async function refuseStopped(
  { followed }: Pick<FollowedContext, "followed">,
  room: RoomUri,
): Promise<void> {
  if ((await followed.get(room))?.head.frozen !== true) return;
  const text = "This server has stopped the room: its hub contradicts itself.";
  throw new Refusal("roomStopped", text, { retryAfterMs: stoppedRetryMs });
}

/**
 * FED-755: what the room's rules forbid to a user of this server is refused here already, by the
 * state in the newest GroupInfo and the roster. Only what is of the very epoch that is known here is
 * judged: then the hub comes to the same answer, and has not given another one before. What cannot be
 * judged goes to the hub.
 */
export async function refuseMessage(
  context: EarlyContext,
  { user }: Caller,
  room: RoomUri,
  request: Uint8Array,
): Promise<void> {
  const known = await knownRoom(context, room);
  if (known === undefined) return;
  const { message, ephemeral } = submitMessageRequestCodec.decode(request, "sliced");
  if (ephemeral) return;
  const framing = peekMlsMessage(message);
  if (framing.wireFormat !== "private" || framing.epoch !== known.epoch) return;
  // The hub's clock tells when a mute is over, and may be ahead of this one.
  check(maySend(known.view, user, context.env.now() + LIMITS.clockSkewMs));
}

/**
 * FED-756: the same for a commit whose proposals are all in it. A removal may be one that the hub has
 * proposed, which a follower does not track; all are taken for such, so that nothing is refused that the
 * hub would take.
 */
export async function refuseCommit(
  context: EarlyContext,
  { user }: Caller,
  room: RoomUri,
  request: Uint8Array,
): Promise<void> {
  const decoded = updateRequestCodec.decode(request);
  if (decoded.kind !== "commit") return;
  const known = await knownRoom(context, room);
  if (known === undefined) return;
  const change = readChange(decoded.commit);
  if (change.epoch !== known.epoch) return;
  refuseBanned(known, user);
  // Who goes by reference is not known here, and roles follow from who stays.
  if (change.joiner !== undefined || change.hasReferences || takesLink(change)) return;
  const stateAfter = change.roomState && decodeRoomState(change.roomState);
  // Nor is what the leaves say of the rules that they know.
  if (stateAfter !== undefined && raisesRules(known.view.state, stateAfter)) return;
  check(
    authorize(
      known.view,
      { kind: "member", user },
      {
        added: change.added.map(({ client, rulesKnown }) => ({
          user: userOfClient(client),
          client,
          rulesKnown,
        })),
        removed: leavesIn(known.view, change.removed),
        stateAfter,
        pendingRemovals: change.removed,
      },
    ),
  );
}

function raisesRules(before: RoomState, after: RoomState): boolean {
  return before.rulesVersion !== after.rulesVersion || before.floor !== after.floor;
}

/** FED-757: whoever is banned from a room asks its hub in vain, and so does not ask it from here. */
export async function refuseJoining(
  context: EarlyContext,
  { user }: Caller,
  room: RoomUri,
): Promise<void> {
  const known = await knownRoom(context, room);
  if (known !== undefined) refuseBanned(known, user);
}

function refuseBanned({ view }: Known, user: Caller["user"]): void {
  if (!isBanned(view.state.sanctions, user)) return;
  throw new Refusal("banned", "The user is banned from the room.");
}

function check(verdict: Verdict): void {
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
}

/** The rules of a followed room, where its newest epoch is known here. */
export async function followedState(
  context: EarlyContext,
  room: RoomUri,
): Promise<{ readonly id: number; readonly state: RoomState } | undefined> {
  const { id } = (await context.followed.get(room)) ?? {};
  const known = await knownRoom(context, room);
  return id === undefined || known === undefined ? undefined : { id, state: known.view.state };
}

/** Undefined where the room is not followed, or the GroupInfo is of another epoch than its log. */
async function knownRoom(context: EarlyContext, room: RoomUri): Promise<Known | undefined> {
  const { followed, store, database, env } = context;
  const { id, head } = (await followed.get(room)) ?? {};
  if (id === undefined || head === undefined || head.frozen) return undefined;
  const rooms = remembered.get(store) ?? new Map<RoomUri, Known>();
  remembered.set(store, rooms);
  const known = rooms.get(room);
  const stored = await database.read(async (tx) => {
    const groupInfo = await store.followedGroupInfo(tx, id);
    if (groupInfo === undefined) return undefined;
    const isKnown = known !== undefined && equalBytes(known.groupInfo, groupInfo);
    return { groupInfo, roster: isKnown ? undefined : await store.followedRoster(tx, id) };
  });
  if (stored === undefined) return undefined;
  const { groupInfo, roster } = stored;
  if (roster === undefined) return known?.epoch === head.epoch ? known : undefined;
  const state = stateIn(groupInfo, env);
  if (state === undefined || state.epoch !== head.epoch) return undefined;
  const read = { groupInfo, epoch: head.epoch, view: roomView(state.state, roster) };
  rooms.delete(room);
  rooms.set(room, read);
  const [oldest] = rooms.keys();
  if (rooms.size > rememberedMax && oldest !== undefined) rooms.delete(oldest);
  return read;
}

/** What a hub sends is not verified here, and a state of later rules cannot be read. */
function stateIn(groupInfo: Bytes, { log }: EarlyContext["env"]) {
  try {
    const { epoch, roomState } = readStateOf(groupInfo);
    return { epoch, state: decodeRoomState(roomState) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    log.debug("followed.stateNotRead", { code: error.code });
    return undefined;
  }
}

function leavesIn(view: RoomView, removed: readonly number[]) {
  const owners = new Map(
    view.participants.flatMap(({ user, leaves }) => leaves.map((leaf) => [leaf, user] as const)),
  );
  return removed.flatMap((leaf) => {
    const user = owners.get(leaf);
    return user === undefined ? [] : [{ user, leaf }];
  });
}

/** Who takes the role of a link is judged by whoever can verify its ticket. */
function takesLink({ authenticatedData }: CommitChange): boolean {
  if (authenticatedData.length === 0) return false;
  return componentOf(decodeSafeAad(authenticatedData).others, JOIN_TICKET_COMPONENT) !== undefined;
}
