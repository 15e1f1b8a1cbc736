import {
  type Bytes,
  type GroupInfoPlaintext,
  type GroupInfoResponse,
  groupInfoPlaintextCodec,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  LABELS,
  paths,
  Refusal,
  type RoomUri,
  signedBytes,
  signGroupInfoRequest,
  utf8Encode,
  verifyGroupInfoResponse,
} from "@treehouse/protocol";

import type { GroupsContext, Room } from "../room/index.ts";

const suite = 1;

/**
 * What the hub gives a client that wants to come (back) by a commit of its own, sealed to a key made
 * for this question, so that no answer of before can pass for one to it. `joiningCode` proves a right to
 * come in from outside.
 */
export async function fetchGroupInfo(
  context: GroupsContext,
  room: Room,
  joiningCode: (groupInfoPublicKey: Bytes) => Bytes | undefined = () => undefined,
): Promise<{ readonly info: GroupInfoPlaintext; readonly hubKey: Bytes }> {
  const { crypto } = context.member;
  const { key, answer } = await askGroupInfo(context, room.uri, joiningCode);
  return opened(crypto, room.uri, key, answer);
}

/** The question, signed for this room, and what the hub says; `key` opens the answer. */
export async function askGroupInfo(
  context: GroupsContext,
  room: RoomUri,
  joiningCode: (groupInfoPublicKey: Bytes) => Bytes | undefined,
): Promise<{
  readonly key: { readonly publicKey: Bytes; readonly privateKey: Bytes };
  readonly answer: GroupInfoResponse;
}> {
  const { crypto } = context.member;
  const { identity, self } = context;
  const key = crypto.hpkeGenerateKeyPair();
  const request = signGroupInfoRequest(
    {
      ciphersuite: suite,
      requestingSignatureKey: identity.signaturePublicKey,
      requestingCredential: { identity: utf8Encode(self.client) },
      groupInfoPublicKey: key.publicKey,
      joiningCode: joiningCode(key.publicKey),
    },
    room,
    (message) => crypto.sign(identity.signaturePrivateKey, message),
  );
  const body = groupInfoRequestCodec.encode(request);
  const answer = groupInfoResponseCodec.decode(await context.api.tls(paths.groupInfo(room), body));
  return { key, answer };
}

function opened(
  crypto: GroupsContext["member"]["crypto"],
  room: RoomUri,
  key: { readonly privateKey: Bytes },
  answer: GroupInfoResponse,
): { readonly info: GroupInfoPlaintext; readonly hubKey: Bytes } {
  if (answer.status !== "success") {
    throw new Refusal("notMember", "this client is no longer a member of the conversation");
  }
  const signed =
    answer.room === room &&
    verifyGroupInfoResponse(answer, (by, message, signature) =>
      crypto.verify(by, message, signature),
    );
  if (!signed) throw new Refusal("invalidMessage", "the GroupInfo is not signed by the hub");
  const plaintext = crypto.hpkeOpen(
    key.privateKey,
    answer.sealed.kemOutput,
    signedBytes(LABELS.groupInfoSealing, utf8Encode(room)),
    new Uint8Array(),
    answer.sealed.ciphertext,
  );
  if (plaintext === undefined) throw new Refusal("invalidMessage", "the GroupInfo does not open");
  return { info: groupInfoPlaintextCodec.decode(plaintext), hubKey: answer.hubKey };
}
