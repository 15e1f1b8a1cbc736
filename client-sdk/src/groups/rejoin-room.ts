import { joinExternal, readRatchetTree } from "@treehouse/mls/member";
import {
  type Bytes,
  decodeRoomState,
  encodeSafeAad,
  equalBytes,
  type GroupInfoPlaintext,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LABELS,
  paths,
  Refusal,
  refusalOfResponse,
  signedBytes,
  signGroupInfoRequest,
  updateRequestCodec,
  utf8Encode,
  verifyGroupInfoResponse,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { decodeDetails, encodeDetails, openMetadata } from "./room-details.ts";

const suite = 1;

/**
 * Comes back into a room whose stream this client cannot follow any more: after a gap, a Welcome
 * or a commit that it cannot use. An external commit puts a new leaf in the place of the own old
 * one. What lies between is told as a gap. A crash on the way leaves the room lost as it was, and
 * the next attempt replaces the leaf of this one. Refuses `notMember` when this client is out.
 */
export async function rejoinRoom(context: GroupsContext, room: Room): Promise<void> {
  const { info, hubKey } = await fetchGroupInfo(context, room);
  const { prepared, group } = await prepare(context, info, info.ratchetTree ?? new Uint8Array());
  const state = decodeRoomState(group.roomState());
  if (state.hubKey === undefined || !equalBytes(state.hubKey, hubKey)) {
    throw new Refusal("invalidMessage", "the GroupInfo is signed by another hub than the group's");
  }
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
    const response = await context.link.update(room.uri, request);
    if (response.code !== "success") {
      throw refusalOfResponse(response) ?? new Refusal("notAllowed", "the hub refused");
    }
    await group.adopt(prepared);
    const { position, hash } = response.head.head;
    const cursor = { stream: room.uri, position, hash };
    const from = room.cursor.position + 1;
    await context.store.transaction((tx) => {
      const known = tx.rooms.get(room.uri);
      const details = known === undefined ? undefined : decodeDetails(known.details);
      const metadataKey = details?.metadataKey ?? new Uint8Array(32);
      const name = openMetadata(room.uri, metadataKey, state.metadata) ?? details?.name ?? "";
      tx.rooms.deleteGroup(room.uri);
      tx.rooms.put({
        room: room.uri,
        template: state.template,
        status: "joined",
        createdAt: known?.createdAt ?? context.env.now(),
        details: encodeDetails({
          version: 1,
          name,
          metadataKey,
          joinedEpoch: group.epoch,
          foundRequest: undefined,
        }),
      });
      tx.rooms.changeGroupRows(room.uri, group.takeChanges());
      tx.cursors.set(cursor);
      for (const intent of tx.intents.list(room.uri)) {
        if (intent.kind !== "send" && intent.status !== "waiting") tx.intents.reset(intent.serial);
      }
    });
    room.group = group;
    room.cursor = cursor;
    room.lost = false;
    if (position > from) {
      context.events.emit("gap", { stream: room.uri, from, to: position - 1 });
    }
    context.events.emit("joined", { room: room.uri });
  });
}

/** The new leaf takes the place of the own old one; without that, nobody let this client in. */
function prepare(context: GroupsContext, { groupInfo }: GroupInfoPlaintext, ratchetTree: Bytes) {
  const { member, identity, self, env } = context;
  const former = readRatchetTree(ratchetTree).find(({ client }) => client === self.client);
  if (former === undefined) {
    throw new Refusal("notMember", "this client is no longer a member of the conversation");
  }
  const authenticatedData = encodeSafeAad({ treehouse: undefined, others: [] });
  const removeLeaf = former.leaf;
  const input = { groupInfo, ratchetTree, removeLeaf, authenticatedData, at: env.now() };
  return joinExternal(member, identity, input);
}

async function fetchGroupInfo(context: GroupsContext, room: Room) {
  const { crypto } = context.member;
  const { identity, self } = context;
  const key = crypto.hpkeGenerateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: suite,
      requestingSignatureKey: identity.signaturePublicKey,
      requestingCredential: { identity: utf8Encode(self.client) },
      groupInfoPublicKey: key.publicKey,
      joiningCode: undefined,
    },
    room.uri,
    (message) => crypto.sign(identity.signaturePrivateKey, message),
  );
  const body = groupInfoRequestCodec.encode(request);
  const answer = groupInfoResponseCodec.decode(
    await context.api.tls(paths.groupInfo(room.uri), body),
  );
  if (answer.status !== "success") {
    throw new Refusal("notMember", "this client is no longer a member of the conversation");
  }
  const signed =
    answer.room === room.uri &&
    verifyGroupInfoResponse(answer, (by, message, signature) =>
      crypto.verify(by, message, signature),
    );
  if (!signed) throw new Refusal("invalidMessage", "the GroupInfo is not signed by the hub");
  const plaintext = crypto.hpkeOpen(
    key.privateKey,
    answer.sealed.kemOutput,
    signedBytes(LABELS.groupInfoSealing, utf8Encode(room.uri)),
    new Uint8Array(),
    answer.sealed.ciphertext,
  );
  if (plaintext === undefined) throw new Refusal("invalidMessage", "the GroupInfo does not open");
  return { info: groupInfoPlaintextCodec.decode(plaintext), hubKey: answer.hubKey };
}
