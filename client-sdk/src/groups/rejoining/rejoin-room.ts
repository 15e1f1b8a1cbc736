import {
  type GroupMember,
  joinExternal,
  readGroupInfo,
  readRatchetTree,
} from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeSafeAad,
  equalBytes,
  type GroupInfoPlaintext,
  type GroupUri,
  mayReturn,
  Refusal,
  refusalOfResponse,
  type RoomState,
  type SignedHead,
  updateRequestCodec,
  verifyHead,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";
import { fetchGroupInfo } from "./fetch-group-info.ts";
import { checkSigner } from "./check-signer.ts";
import { type FormerGroup, readFormerGroup } from "./former-group.ts";
import { checkRival } from "../generations/check-rival.ts";
import { checkSuccession, isKnown } from "../generations/check-succession.ts";
import { type KnownOwners, ownersOf } from "../generations/known-owners.ts";
import { isRival } from "../generations/renewal.ts";
import { noteReturn } from "../health/index.ts";
import { writeRejoined } from "./write-rejoined.ts";

/**
 * Comes back into a room whose stream this client cannot follow any more: after a gap, a Welcome
 * or a commit that it cannot use, or when the room's hub went back behind this client's epoch. An
 * external commit puts a new leaf in the place of the own old one. What lies between is told as a
 * gap. A crash on the way leaves the room lost as it was, and the next attempt replaces the leaf of
 * this one. Refuses `notMember` when this client is out, and `invalidMessage` when what the server
 * offers is older than what this client holds and the hub has not declared that it went back (T-20).
 */
export async function rejoinRoom(context: GroupsContext, room: Room): Promise<void> {
  checkRollbacks(context, room);
  const { former, signer, prepared, group, state, hubKey } = await prepareReturn(context, room);
  const request = updateRequestCodec.encode({
    kind: "commit",
    commit: prepared.commit,
    welcome: undefined,
    groupInfo: prepared.groupInfo,
    firstMessage: undefined,
  });
  await room.serial.run(async () => {
    // The stream may have been mended meanwhile, by a Welcome for instance.
    if (!room.lost) return;
    await context.store.transaction((tx) => noteReturn(tx, room.uri, prepared.commit));
    const response = await context.link.update(room.uri, request);
    if (response.code !== "success") {
      throw refusalOfResponse(response) ?? new Refusal("notAllowed", "the hub refused");
    }
    checkHead(context, room, response.head, hubKey);
    await group.adopt(prepared);
    const { head } = response.head;
    await writeRejoined(context, room, { group, state, former, signer, head });
  });
}

/**
 * A return that nobody has been told of yet, upon what the hub offers now. Refuses as `rejoinRoom`
 * does.
 */
export async function prepareReturn(context: GroupsContext, room: Room) {
  const former = await readFormerGroup(context, room);
  const { info, hubKey } = await fetchGroupInfo(context, room);
  const { prepared, group, signer } = await prepare(
    context,
    info,
    info.ratchetTree ?? new Uint8Array(),
  );
  const state = decodeRoomState(group.roomState());
  const epoch = prepared.epoch - 1;
  const owners = await context.store.transaction((tx) => ownersOf(tx, room.uri));
  const offered = { group: group.group, state, hubKey, epoch, signer, owners };
  checkRecent(context, room, former, offered);
  if (former !== undefined) await checkSigner(context.people, former, signer);
  return { former, signer, prepared, group, state, hubKey, position: info.position };
}

const rollbacksPerDay = 3;
const dayMs = 24 * 60 * 60 * 1000;

/** A hub that goes back again and again keeps its rooms from going on: not every time (T-20). */
function checkRollbacks({ env }: GroupsContext, { rollback, hub }: Room): void {
  if (rollback?.cause !== "restore") return;
  const recent = hub.rollbacks.filter((at) => at > env.now() - dayMs);
  const [oldest] = recent;
  if (oldest === undefined || recent.length < rollbacksPerDay) return;
  throw new TooManyRollbacks(Math.max(1_000, oldest + dayMs - env.now()));
}

/** The hub may have its reasons, or be after the messages of those who come back: not now. */
export class TooManyRollbacks extends Refusal {
  constructor(retryAfterMs: number) {
    const text =
      `The server was set back ${rollbacksPerDay} times within a day, and once more since. ` +
      "This conversation waits for tomorrow.";
    super("rateLimited", text, { retryAfterMs });
  }
}

/** What the server offers is from before what this client holds, and nothing allows that (T-20). */
export class StaleOffer extends Refusal {}

/**
 * Never back to an epoch before the last one seen, unless the hub has signed that it went back, and
 * then never behind what it signed; to another hub's word only if a member who was known before names it
 * (FED-1128); and to another group only if it follows the own one (FED-1136).
 */
export function checkRecent(
  context: Pick<GroupsContext, "member">,
  { rollback }: Room,
  former: FormerGroup | undefined,
  offered: {
    readonly group: GroupUri;
    readonly state: RoomState;
    readonly hubKey: Bytes;
    readonly epoch: number;
    /** Who signed it, where that is known. */
    readonly signer?: GroupMember;
    /** Of the group that this client's follows. */
    readonly owners?: KnownOwners | undefined;
  },
): void {
  const { group, state, hubKey, epoch, signer } = offered;
  if (state.hubKey === undefined || !equalBytes(state.hubKey, hubKey)) {
    throw new Refusal("invalidMessage", "the GroupInfo is signed by another hub than the group's");
  }
  if (former === undefined) return;
  if (group !== former.group) {
    checkSuccession(context, former, { group, state, signer });
    return;
  }
  if (state.predecessor !== undefined && isRival(former, state.predecessor.claim)) {
    checkRival(context, former, state, offered.owners);
    return;
  }
  const isOther = former.hubKey !== undefined && !equalBytes(former.hubKey, hubKey);
  if (isOther && !(state.term > former.term && signer !== undefined && isKnown(former, signer))) {
    throw new Refusal("invalidMessage", "the GroupInfo is another hub's than the room had");
  }
  if (epoch < (rollback?.head.epoch ?? former.epoch)) {
    throw new StaleOffer("invalidMessage", "the GroupInfo is older than what this client has seen");
  }
}

export function checkHead(
  { member }: GroupsContext,
  room: Room,
  signed: SignedHead,
  hubKey: Bytes,
): void {
  const { crypto } = member;
  const signs = verifyHead(signed, hubKey, (key, message, signature) =>
    crypto.verify(key, message, signature),
  );
  if (signs && signed.head.room === room.uri) return;
  throw new Refusal("invalidMessage", "the head is not signed by the room's hub");
}

/**
 * The new leaf takes the place of the own old one or of a revoked client's, or stands beside those of the user's other
 * clients, under the same identity key; without either, nobody let this client in, unless the user was in
 * the generation before.
 */
function prepare(
  context: GroupsContext,
  { groupInfo }: GroupInfoPlaintext,
  ratchetTree: Bytes,
): ReturnType<typeof joinExternal> {
  const { member, identity, people, self } = context;
  const own = readRatchetTree(ratchetTree).filter(({ user }) => user === self.user);
  const { predecessor } = decodeRoomState(readGroupInfo(groupInfo).roomState);
  if (own.length === 0 && !mayReturn(predecessor, self.user)) {
    throw new Refusal("notMember", "this client is no longer a member of the conversation");
  }
  const listed = people.self.clients();
  const former =
    own.find(({ client }) => client === self.client) ??
    own.find(({ client }) => !listed.has(client));
  const authenticatedData = encodeSafeAad({ treehouse: undefined, others: [] });
  const input = {
    groupInfo,
    ratchetTree,
    ...(former === undefined ? {} : { removeLeaf: former.leaf }),
    authenticatedData,
    at: member.now(),
  };
  return joinExternal(member, identity, input);
}
