import {
  type Bytes,
  checkUpdateFraming,
  type SignedHealthReport,
  type UpdateRequest,
  updateRequestCodec,
} from "@treehouse/protocol";
import { acceptCommit, type Listed, ListsWanted } from "./accept-commit.ts";
import { acceptProposals } from "./accept-proposals.ts";
import {
  answerClaim,
  beginAnew,
  type GenerationUpload,
  isElsewhere,
  takeUp,
} from "../generations/index.ts";
import { acceptReport, type HealthWatch } from "../health/index.ts";
import type { MovesContext } from "../moves/index.ts";
import { answerOnce, busy, type Request } from "../room/index.ts";
import { readSubmission, type Submission } from "../messages/index.ts";

/**
 * Accepts one bundle of handshake messages whole, or refuses it whole, and answers an encoded
 * `UpdateRoomResponse`. The same bytes from the same client are answered as they were first. One
 * commit is accepted per epoch; every other gets `wrongEpoch` with the current one.
 *
 * Refusals: malformed, tooLarge, unknownRoom, notMember, removed, clientMismatch, notAllowed,
 * wrongEpoch, epochAhead, claimInvalid, ownersMissing, invalidCommit, invalidProposal, invalidMessage,
 * invalidKeyPackage, identityInvalid, removalPending, suspended, conflict, roomFull, roomsFull,
 * limitExceeded, versionUnsupported, storageFull, queueFull, unavailable.
 */
export async function updateRoom(
  context: MovesContext & { readonly health: HealthWatch },
  request: Request,
): Promise<Bytes> {
  const decoded = updateRequestCodec.decode(request.bytes);
  if (decoded.kind === "report") return report(context, request, decoded.report);
  if (decoded.kind === "claim") return answerClaim(context, request, decoded.endorsement);
  if (decoded.kind === "generation") return begin(context, request, decoded);
  const framing = checkUpdateFraming(decoded);
  const firstMessage = readFirst(decoded);
  const take = (listed?: Listed): Promise<Bytes> =>
    context.turns.take(request.room, () =>
      answerOnce(context, { ...request, near: framing.epoch }, (attempt) => {
        if (decoded.kind !== "commit") {
          return acceptProposals(context, request, attempt, { ...decoded, framing });
        }
        const upload = { ...decoded, framing, firstMessage };
        return acceptCommit(context, request, attempt, { upload, listed });
      }),
    );
  let listed: Listed | undefined;
  for (let count = 0; count < asksMax; count += 1) {
    try {
      return await take(listed);
    } catch (error) {
      if (!(error instanceof ListsWanted)) throw error;
      listed = await error.ask(context);
    }
  }
  throw busy();
}

/** Other servers are asked once, and again if the room has changed before a hand-over. */
const asksMax = 4;

/** What a leaf says of the newest commit, which may void it. */
function report(
  context: MovesContext & { readonly health: HealthWatch },
  request: Request,
  signed: SignedHealthReport,
): Promise<Bytes> {
  return context.turns.take(request.room, async () => {
    try {
      return await answerOnce(context, { ...request, near: signed.report.epoch }, (attempt) =>
        acceptReport(context, request, attempt, signed),
      );
    } finally {
      await context.health.judge(request.room);
    }
  });
}

/** Another group takes the place of the room's. */
async function begin(
  context: MovesContext,
  request: Request,
  upload: GenerationUpload,
): Promise<Bytes> {
  if (isElsewhere(upload)) return takeUp(context, request, upload);
  return context.turns.take(request.room, () =>
    answerOnce(context, { ...request, near: 0 }, (attempt) =>
      beginAnew(context, request, attempt, upload),
    ),
  );
}

function readFirst(decoded: UpdateRequest): Submission | undefined {
  const first = decoded.kind === "commit" ? decoded.firstMessage : undefined;
  return first === undefined ? undefined : readSubmission(first);
}
