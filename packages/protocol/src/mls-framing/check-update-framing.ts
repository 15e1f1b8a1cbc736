import type { HandshakeRequest } from "../delivery/index.ts";
import { malformed } from "../codec/index.ts";
import { peekMlsMessage } from "./peek-mls-message.ts";
import type { FramingSender } from "./peek-mls-message.ts";

export type UpdateFraming = {
  readonly groupId: string;
  readonly epoch: number;
  readonly sender: FramingSender;
};

/**
 * Refuses with "malformed" an update whose messages are not what its kind says: a PublicMessage
 * with a commit and perhaps a first message of the epoch that it begins, or PublicMessages with
 * proposals of one sender in one group and epoch. Gives what they have in common.
 */
export function checkUpdateFraming(request: HandshakeRequest): UpdateFraming {
  if (request.kind === "proposal") return commonFraming(request.proposals, "proposal");
  const framing = commonFraming([request.commit], "commit");
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

function commonFraming(
  messages: readonly Uint8Array[],
  contentType: "commit" | "proposal",
): UpdateFraming {
  const framings = messages.map((message) => {
    const framing = peekMlsMessage(message);
    if (framing.wireFormat !== "public" || framing.contentType !== contentType) {
      throw malformed(`not a public ${contentType}`);
    }
    return framing;
  });
  const [first] = framings;
  if (first === undefined) throw malformed("an update without message");
  const { groupId, epoch, sender } = first;
  if (framings.some((one) => one.groupId !== groupId || one.epoch !== epoch)) {
    throw malformed("proposals of several groups or epochs");
  }
  if (framings.some((one) => !sameSender(one.sender, sender))) {
    throw malformed("proposals of several senders");
  }
  return { groupId, epoch, sender };
}

function sameSender(left: FramingSender, right: FramingSender): boolean {
  if (left.kind === "member") return right.kind === "member" && left.leaf === right.leaf;
  if (left.kind === "external") return right.kind === "external" && left.index === right.index;
  return left.kind === right.kind;
}
