import { joinWelcome as joinByWelcome, type MemberGroup } from "@treehouse/mls/member";
import {
  decodeRoomState,
  equalBytes,
  paths,
  Refusal,
  roomOfGroup,
  toHex,
  type TreeResponse,
  treeResponseCodec,
  verifyHead,
  type WelcomeBody,
} from "@treehouse/protocol";

import type { Cursor, LocalTx } from "../../storage/index.ts";
import {
  type GroupsContext,
  type HubRecord,
  newHubRecord,
  writeHubRecord,
  noteInviter,
} from "../room/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";
import { checkSuccession } from "../generations/check-succession.ts";
import { renewedBy, type Renewal } from "../generations/renewal.ts";
import { noteJoined } from "../changing/index.ts";
import { joinAudit } from "../audit/index.ts";
import { decodeRoomSecrets, putJoinedRoom, ROOM_SECRETS_EXTENSION } from "../about/index.ts";

/** A group ready to be stored, and where its stream goes on. */
export type JoinedRoom = {
  readonly group: MemberGroup;
  readonly cursor: Cursor;
  readonly hub: HubRecord;
  /** Answers what is to be done after the transaction. */
  readonly write: (tx: LocalTx) => () => void;
  /** Present when it is another generation of the room that this client is in. */
  readonly renewal: Renewal | undefined;
};

/** The tree that a Welcome is for; a hub elsewhere is asked through the own server. */
export async function fetchTree(
  { api }: GroupsContext,
  { room, epoch }: WelcomeBody,
): Promise<TreeResponse> {
  return treeResponseCodec.decode(await api.getTls(paths.tree(room, epoch)));
}

/**
 * Joins the group that a Welcome leads to; the tree is fetched apart. Answers the writes that make
 * it durable, for the transaction that moves the inbox's cursor. A second Welcome to the same
 * epoch, or one whose KeyPackage was used before, is refused and changes nothing (T-24).
 */
export async function joinWelcome(
  context: GroupsContext,
  body: WelcomeBody,
  acceptedAt: number,
  fetched: () => Promise<TreeResponse>,
  /** The group that this client holds of the room. */
  former?: FormerGroup,
): Promise<JoinedRoom> {
  const known = await context.store.transaction((tx) => tx.rooms.get(body.room));
  const isMember = known?.status === "joined" || known?.status === "left";
  const isLater = former !== undefined && body.generation > roomOfGroup(former.group).generation;
  if (isMember && !isLater) {
    throw new Refusal("roomExists", "this client already is a member of the conversation");
  }
  const tree = await fetched();
  const secrets = await context.store.transaction((tx) => tx.keyPackages.all());
  const joined = await joinByWelcome(context.member, context.identity, {
    welcome: body.welcome,
    ratchetTree: tree.nodes,
    secrets: (ref) => secrets.get(toHex(ref)),
    at: acceptedAt,
  });
  const { group } = joined;
  const { head } = body.head;
  const state = decodeRoomState(group.roomState());
  const verify = context.member.crypto.verify.bind(context.member.crypto);
  const agrees =
    head.room === body.room &&
    head.position === body.position &&
    head.epoch === group.epoch &&
    equalBytes(head.treeHash, group.treeHash()) &&
    state.hubKey !== undefined &&
    verifyHead(body.head, state.hubKey, verify);
  if (!agrees) throw new Refusal("invalidMessage", "the Welcome and the hub's head disagree");
  const inviter = group.members().find(({ leaf }) => leaf === joined.committerLeaf);
  const renewal = renewedBy(former, group);
  if (former !== undefined && isMember) {
    checkSuccession(context, former, { group: group.group, state, signer: inviter });
  }
  const extension = joined.groupInfoExtensions.find(
    ({ extensionType }) => extensionType === ROOM_SECRETS_EXTENSION,
  );
  const told = extension && decodeRoomSecrets(extension.data);
  const cursor = { stream: body.room, position: head.position, hash: head.hash };
  const hub = newHubRecord(head.term);
  const write = (tx: LocalTx) => {
    putJoinedRoom(context, tx, body.room, {
      group,
      state,
      metadataKeys: [told?.metadataKey],
      joinedEpoch: group.epoch,
    });
    tx.cursors.set(cursor);
    // Who was in before has missed what was said meanwhile.
    tx.senderChains.loosen(body.room);
    writeHubRecord(tx, body.room, hub);
    joinAudit(tx, body.room, told?.audit, {
      group: group.group,
      epoch: group.epoch,
      position: head.position,
    });
    if (renewal === undefined) {
      noteJoined(tx, body.room, { position: head.position, acceptedAt });
      noteInviter(tx, body.room, inviter?.user);
    }
    tx.keyPackages.use(toHex(joined.keyPackageRef));
    return context.copies.joined(tx, body.room, joined.keyPackageRef);
  };
  return { group, cursor, hub, write, renewal };
}
