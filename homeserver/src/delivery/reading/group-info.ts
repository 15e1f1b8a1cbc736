import {
  type Bytes,
  equalBytes,
  type GroupInfoPlaintext,
  groupInfoPlaintextCodec,
  type GroupInfoRequest,
  groupInfoRequestCodec,
  groupInfoResponseCodec,
  isKnock,
  LABELS,
  type LinkUses,
  Refusal,
  signedBytes,
  signGroupInfoResponse,
  utf8Encode,
  verifyGroupInfoRequest,
} from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import { mayCome } from "../handshakes/index.ts";
import {
  busy,
  hasMoved,
  type HostedRoom,
  listedClient,
  type ListedClientKeys,
  type Request,
} from "../room/index.ts";
import { checkMayAsk, checkMayKnock, takeKnock } from "../joining/index.ts";

/**
 * Gives a client what it needs to come (back) into a room by an external commit: GroupInfo, tree,
 * pending proposals and the position, sealed to the key that the client signed for this room.
 *
 * Refusals: malformed, versionUnsupported, unknownRoom, notMember, removed, clientMismatch,
 * identityInvalid, notAllowed, linkInvalid, linkExpired, linkUsedUp, roomFull, rateLimited,
 * unavailable.
 */
export async function readGroupInfo(context: DeliveryContext, request: Request): Promise<Bytes> {
  const asked = groupInfoRequestCodec.decode(request.bytes);
  const { crypto } = context;
  for (let count = 0; count < attemptsMax; count += 1) {
    const hosted = await context.rooms.get(request.room);
    const side = mayCome(hosted, request.caller);
    if (side === "outside") {
      if (count === 0) context.outsiders.take(request.caller);
      const { joiningCode } = asked;
      if (joiningCode !== undefined && isKnock(joiningCode)) {
        checkMayKnock(context, hosted, request.caller);
        const listed = await checkAsker(context, request, asked);
        return takeKnock(context, request, joiningCode, listed);
      }
      await checkMayAsk(context, hosted, request.caller, asked);
    }
    await checkAsker(context, request, asked);
    const plaintext = await plaintextOf(context, hosted, side);
    if (plaintext !== undefined) return sealed(crypto, hosted, asked, plaintext);
    context.rooms.drop(hosted);
  }
  throw busy();
}

/** The keys that the user's client list has for whoever asks. */
async function checkAsker(
  context: DeliveryContext,
  { caller, room }: Request,
  asked: GroupInfoRequest,
): Promise<ListedClientKeys> {
  const { crypto } = context;
  if (asked.ciphersuite !== crypto.suite) {
    throw new Refusal("versionUnsupported", "This server knows ciphersuite 1 only.");
  }
  if (!equalBytes(asked.requestingCredential.identity, utf8Encode(caller.client))) {
    throw new Refusal("clientMismatch", "The request names another client.");
  }
  const listed = await listedClient(context, caller.client);
  const verify = (key: Bytes, message: Bytes, signature: Bytes) =>
    crypto.verify(key, message, signature);
  if (
    listed === undefined ||
    !equalBytes(listed.signatureKey, asked.requestingSignatureKey) ||
    !verifyGroupInfoRequest(asked, room, verify)
  ) {
    throw new Refusal("identityInvalid", "The request is not signed by the session's client.");
  }
  if (!crypto.isHpkePublicKey(asked.groupInfoPublicKey)) {
    throw new Refusal("malformed", "Nothing can be sealed to this key.");
  }
  return listed;
}

/** Undefined when the room has moved on. */
async function plaintextOf(
  { database, store }: DeliveryContext,
  hosted: HostedRoom,
  side: ReturnType<typeof mayCome>,
): Promise<GroupInfoPlaintext | undefined> {
  const links = side === "inside" ? hosted.view.state.joinLinks : [];
  const now = await database.read(async (tx) => {
    const linkUses: LinkUses[] = [];
    for (const { key } of links) {
      linkUses.push({ key, uses: await store.countLinkUses(tx, hosted.id, key) });
    }
    return {
      head: await store.head(tx, hosted.id),
      proposals: await store.proposals(tx, hosted.id),
      linkUses,
    };
  });
  if (now.head === undefined || hasMoved(hosted, now.head)) return undefined;
  if (hosted.group.groupInfo.length === 0) {
    // Lost in a restore: the next commit brings one.
    throw new Refusal("unavailable", "The room waits for a member's commit.", {
      retryAfterMs: 10_000,
    });
  }
  return {
    groupInfo: hosted.group.groupInfo,
    ratchetTree: hosted.group.ratchetTree(),
    pendingProposals: now.proposals.map(({ message, acceptedAt }) => ({
      proposal: message,
      acceptedAt,
    })),
    position: now.head.position,
    linkUses: now.linkUses,
  };
}

function sealed(
  crypto: DeliveryContext["crypto"],
  { room, hubKey, view }: HostedRoom,
  asked: GroupInfoRequest,
  plaintext: GroupInfoPlaintext,
): Bytes {
  const info = signedBytes(LABELS.groupInfoSealing, utf8Encode(room));
  const { enc, ciphertext } = crypto.hpkeSeal(
    asked.groupInfoPublicKey,
    info,
    new Uint8Array(0),
    groupInfoPlaintextCodec.encode(plaintext),
  );
  const answer = signGroupInfoResponse(
    {
      status: "success",
      room,
      ciphersuite: crypto.suite,
      hubKey: hubKey.publicKey,
      hubCredential: { identity: utf8Encode(view.state.hub) },
      sealed: { kemOutput: enc, ciphertext },
    },
    (message) => crypto.sign(hubKey.privateKey, message),
  );
  return groupInfoResponseCodec.encode(answer);
}

const attemptsMax = 16;
