import { joinExternal, readGroupInfo, readRatchetTree } from "@treehouse/mls/member";
import type { MemberGroup } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeSafeAad,
  type GroupInfoPlaintext,
  type Head,
  type JoinAsk,
  joinLinkKey,
  LIMITS,
  Refusal,
  refusalOfResponse,
  signJoinAsk,
  updateRequestCodec,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, isPassing, isSessionOver } from "../room/index.ts";
import { fetchGroupInfo, readFormerGroup, checkHead, checkRecent } from "../rejoining/index.ts";
import type { Step } from "../pump/index.ts";
import { withTicket } from "../changing/index.ts";
import type { PendingJoin } from "./pending-join.ts";
import { giveUpJoin, writeJoined } from "./write-joined.ts";

/** Others come or change something at the same time: then the next try is upon what they made. */
const triesMax = 6;
const patienceMs = 60_000;
const suspendedDelayMs = 1_000;
const leavingDelayMs = 500;
const leavingPatienceMs = 10_000;

/**
 * Comes into a room from outside by an external commit, with the ticket of a link if there is one; it
 * needs nobody of the room. What the hub refuses for good ends the attempt, and whoever waits is told
 * why. A crash on the way leaves it as it was: a leaf that got in meanwhile is replaced.
 */
export async function comeIn(context: GroupsContext, room: Room, join: PendingJoin): Promise<Step> {
  try {
    for (let tries = 0; tries < triesMax; tries += 1) {
      if (await attempt(context, room, join)) return "next";
    }
    return "soon";
  } catch (error) {
    if (!(error instanceof Refusal) || isSessionOver(error) || isWorthWaiting(error)) throw error;
    if (error.code === "suspended" && (error.data.retryAfterMs ?? 0) <= LIMITS.suspensionMs) {
      // What it came in by is void. It may go on as soon as somebody else has committed (FED-1105).
      throw new Refusal("unavailable", error.message, { retryAfterMs: suspendedDelayMs });
    }
    if (error.code === "removed" && isLeavingStill(context, room)) {
      throw new Refusal("unavailable", error.message, { retryAfterMs: leavingDelayMs });
    }
    await giveUpJoin(context, room, error);
    return "next";
  }
}

/**
 * This user has left, and the next commit of a member completes that: where one is there it comes within
 * seconds, and whoever asked waits for it. Where none is, nobody can tell when one will be.
 */
function isLeavingStill({ env }: GroupsContext, { joiners }: Room): boolean {
  return joiners.some(({ since }) => env.now() < since + leavingPatienceMs);
}

/** Nobody who follows a link waits for an hour. */
function isWorthWaiting(refusal: Refusal): boolean {
  return isPassing(refusal) && (refusal.data.retryAfterMs ?? 0) <= patienceMs;
}

/** False if another commit was faster. */
async function attempt(context: GroupsContext, room: Room, join: PendingJoin): Promise<boolean> {
  const { info, hubKey } = await fetchGroupInfo(
    context,
    room,
    (groupInfoPublicKey) =>
      join.seed && askWith(context, join.seed, { room: room.uri, groupInfoPublicKey }),
  );
  const { group: uri, epoch, roomState } = readGroupInfo(info.groupInfo);
  const former = await readFormerGroup(context, room);
  const state = decodeRoomState(roomState);
  checkRecent(context, room, former, { group: uri, state, hubKey, epoch });
  const { prepared, group } = await prepare(context, info, join);
  const request = updateRequestCodec.encode({
    kind: "commit",
    commit: prepared.commit,
    welcome: undefined,
    groupInfo: prepared.groupInfo,
    firstMessage: undefined,
  });
  return room.serial.run(async () => {
    const head = await submit(context, room, request, hubKey);
    if (head === undefined) return false;
    await group.adopt(prepared);
    await writeJoined(context, room, { group, head, join });
    return true;
  });
}

async function submit(
  context: GroupsContext,
  room: Room,
  request: Bytes,
  hubKey: Bytes,
): Promise<Head | undefined> {
  try {
    const response = await context.link.update(room.uri, request);
    if (response.code !== "success") {
      throw refusalOfResponse(response) ?? new Refusal("notAllowed", "the hub refused");
    }
    checkHead(context, room, response.head, hubKey);
    return response.head.head;
  } catch (error) {
    if (error instanceof Refusal && error.code === "wrongEpoch") return undefined;
    throw error;
  }
}

function askWith(
  { member: { crypto }, identity, self }: GroupsContext,
  seed: Bytes,
  { room, groupInfoPublicKey }: Pick<JoinAsk, "room" | "groupInfoPublicKey">,
): Bytes {
  const privateKey = joinLinkKey(seed);
  const signatureKey = identity.signaturePublicKey;
  return signJoinAsk(
    { room, client: self.client, signatureKey, groupInfoPublicKey },
    crypto.ed25519PublicKey(privateKey),
    (message) => crypto.sign(privateKey, message),
  );
}

/** A leaf of this very client is one that got in when the answer to that was lost. */
function prepare(
  context: GroupsContext,
  { groupInfo, ratchetTree = new Uint8Array() }: GroupInfoPlaintext,
  { seed }: PendingJoin,
): Promise<{
  prepared: Awaited<ReturnType<typeof joinExternal>>["prepared"];
  group: MemberGroup;
}> {
  const { member, identity, self } = context;
  const former = readRatchetTree(ratchetTree).find(({ client }) => client === self.client);
  const bare = encodeSafeAad({ treehouse: undefined, others: [] });
  return joinExternal(member, identity, {
    groupInfo,
    ratchetTree,
    ...(former === undefined ? {} : { removeLeaf: former.leaf }),
    authenticatedData:
      seed === undefined
        ? bare
        : withTicket(context, readGroupInfo(groupInfo), { seed, authenticatedData: bare }),
    at: member.now(),
  });
}
