import type { HandshakeRequest } from "../delivery/index.ts";
import { malformed } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import { peekMlsMessage } from "./peek-mls-message.ts";
import type { FramingSender, MlsFraming } from "./peek-mls-message.ts";

export type UpdateFraming = {
  readonly groupId: string;
  readonly epoch: number;
  readonly sender: FramingSender;
};

/**
 * Refuses an update whose messages are not what its kind says, by the rules of FED-995: a
 * PublicMessage with a commit and perhaps a first message of the epoch that it begins, or
 * PublicMessages with proposals. Gives the framing of the commit, or of the first proposal: that the
 * others are of the same group, epoch and sender is seen where each is judged.
 *
 * Refusals: malformed, invalidCommit, invalidProposal, limitExceeded.
 */
export function checkUpdateFraming(request: HandshakeRequest): UpdateFraming {
  if (request.kind === "proposal") {
    const [first] = request.proposals.map((message) => handshakeFraming(message, "proposal"));
    if (first === undefined) throw malformed("an update without message");
    return first;
  }
  const framing = handshakeFraming(request.commit, "commit");
  if (request.firstMessage !== undefined) {
    // FED-860: nothing that passes is accepted together with what stays.
    if (request.firstMessage.ephemeral) throw malformed("an ephemeral first message");
    const first = peekMlsMessage(request.firstMessage.message);
    if (first.wireFormat !== "private" || first.contentType !== "application") {
      throw malformed("a first message that is not an application message");
    }
    if (first.groupId !== framing.groupId || first.epoch !== framing.epoch + 1) {
      throw malformed("a first message of another epoch than the commit begins");
    }
  }
  return framing;
}

function handshakeFraming(message: Uint8Array, contentType: "commit" | "proposal"): UpdateFraming {
  const framing = peekHandshake(message);
  if (framing.wireFormat !== "public") {
    throw new Refusal("malformed", `not a public ${contentType}`, { rule: "form" });
  }
  const { groupId, epoch, sender, authenticatedData } = framing;
  if (framing.contentType !== contentType) {
    const code = contentType === "commit" ? "invalidCommit" : "invalidProposal";
    throw new Refusal(code, `not a ${contentType}`, { rule: "contentType" });
  }
  const limitName = "authenticatedDataBytesMax";
  const limit = LIMITS[limitName];
  if (authenticatedData.length > limit) {
    const data = { rule: "authenticatedDataLength", limitName, limit } as const;
    throw new Refusal("limitExceeded", "too much authenticated data", data);
  }
  return { groupId, epoch, sender };
}

function peekHandshake(message: Uint8Array): MlsFraming {
  try {
    return peekMlsMessage(message);
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal("malformed", cause.message, { rule: "form" }, { cause });
  }
}
