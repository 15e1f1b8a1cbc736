import {
  domainOf,
  Refusal,
  refusedSubmission,
  submissionAnswersCodec,
  submissionBatchCodec,
  userOfClient,
} from "@treehouse/protocol";
import type { Bytes, ClientUri, Domain, Submission, SubmissionAnswer } from "@treehouse/protocol";
import { errorFields } from "../../platform/index.ts";
import type { FederationContext } from "../context.ts";
import type { Caller } from "../ports.ts";

/** Takes an encoded `SubmissionBatch` of a peer and answers encoded `SubmissionAnswers`. */
export type SubmissionsAnswerer = (peer: Domain, body: Bytes) => Promise<Bytes>;

/** The client for which a peer vouches; it can do that for its own clients only (FED-921). */
export function callerOf(peer: Domain, client: ClientUri): Caller {
  if (domainOf(client) !== peer) {
    throw new Refusal("clientMismatch", "A server speaks for its own clients only.");
  }
  return { user: userOfClient(client), client };
}

/**
 * Takes the messages of a peer's clients for rooms hosted here, in their order and each for itself:
 * one that is refused has its own answer (FED-925).
 */
export function createSubmissionsAnswerer({
  env,
  hosted,
  rates,
}: Pick<FederationContext, "env" | "hosted" | "rates">): SubmissionsAnswerer {
  async function answerOne(
    peer: Domain,
    { room, client, request }: Submission,
  ): Promise<SubmissionAnswer> {
    try {
      const response = await hosted.submit(callerOf(peer, client), room, request);
      return { status: "answered", response };
    } catch (error) {
      if (error instanceof Refusal) return refusedSubmission(error);
      env.log.error("submissionFailed", errorFields(error));
      return refusedSubmission(new Refusal("internal", "The server failed."));
    }
  }

  return async (peer, body) => {
    // Views of the body, which belongs to this request alone.
    const batch = submissionBatchCodec.decode(body, "sliced");
    rates.itemPerPeer.take(peer, batch.items.length);
    // All begin in this turn, so that they share a transaction, and in the order of the batch.
    const answers = await Promise.all(batch.items.map((item) => answerOne(peer, item)));
    return submissionAnswersCodec.encode({ answers });
  };
}
