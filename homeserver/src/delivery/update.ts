import { checkUpdateFraming, updateRequestCodec } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { acceptCommit } from "./accept-commit.ts";
import { acceptProposals } from "./accept-proposals.ts";
import type { DeliveryContext } from "./context.ts";
import { answerOnce } from "./request.ts";
import type { Request } from "./request.ts";

/**
 * Accepts one bundle of handshake messages whole, or refuses it whole, and answers an encoded
 * `UpdateRoomResponse`. The same bytes from the same client are answered as they were first. One
 * commit is accepted per epoch; every other gets `wrongEpoch` with the current one.
 *
 * Refusals: malformed, tooLarge, unknownRoom, notMember, removed, clientMismatch, notAllowed,
 * wrongEpoch, epochAhead, invalidCommit, invalidProposal, invalidMessage, invalidKeyPackage,
 * identityInvalid, removalPending, roomFull, roomsFull, limitExceeded, versionUnsupported,
 * storageFull, queueFull, unavailable.
 */
export async function updateRoom(context: DeliveryContext, request: Request): Promise<Bytes> {
  const decoded = updateRequestCodec.decode(request.bytes);
  const framing = checkUpdateFraming(decoded);
  return context.turns.take(request.room, () =>
    answerOnce(context, request, (attempt) =>
      decoded.kind === "commit"
        ? acceptCommit(context, request, attempt, { ...decoded, framing })
        : acceptProposals(context, request, attempt, { ...decoded, framing }),
    ),
  );
}
