import type { UserUri } from "@treehouse/protocol";

import {
  type AccountContext,
  ApprovalFault,
  meetNewClient,
  type OwnIdentity,
  type WaitingClient,
} from "../../account/index.ts";
import { SdkError } from "../../errors/index.ts";
import { guarded } from "../guarded.ts";

/** A new client that has shown the code, and waits for this user to agree. */
export type ApprovalRequest = {
  /** Names it in `approve` and `decline`. */
  readonly client: string;
  /** As it calls itself; whoever has the code may call itself anything. */
  readonly clientName: string;
};

export interface Approvals {
  /**
   * Enters the code, or the text of the QR code, that a new client shows. Nothing is given out before
   * `approve`. A mistyped code is refused `malformed` and may be entered again; one that is wrong is
   * used up (`approvalFailed`), and the new client shows another.
   */
  review(code: string): Promise<ApprovalRequest>;
  /** Lets it in; resolves once it is one of the account's clients. */
  approve(request: ApprovalRequest): Promise<void>;
  decline(request: ApprovalRequest): Promise<void>;
}

export function createApprovals(
  context: AccountContext,
  self: { readonly user: UserUri; readonly own: OwnIdentity },
): Approvals {
  const waiting = new Map<string, WaitingClient>();
  const take = ({ client }: ApprovalRequest): WaitingClient => {
    const found = waiting.get(client);
    waiting.delete(client);
    if (found !== undefined) return found;
    throw new SdkError("notFound", "no such client waits for an approval", {
      help: "Enter the code that it shows with `review` first.",
    });
  };
  return {
    review: (code) =>
      guarded(() =>
        approving(async () => {
          const met = await meetNewClient(context, self, code);
          const { client, clientName } = met;
          waiting.set(client, met);
          return { client, clientName };
        }),
      ),
    approve: (request) => guarded(() => approving(() => take(request).approve())),
    decline: (request) => guarded(() => take(request).decline()),
  };
}

const helps: Record<ApprovalFault["reason"], string> = {
  unknownCode: "Have the new client show a code, and enter it within ten minutes.",
  wrongCode: "Begin again on the new client, and enter the code that it shows then.",
  declined: "Ask whoever uses the other client.",
  expired: "Begin again on the new client: a code holds for ten minutes.",
  failed: "Begin again on the new client.",
  tampered: "Do not go on over this server or network before you know why; no key was given out.",
};

/** What an approval has come to, as the face says it. */
export async function approving<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApprovalFault)) throw error;
    const { message, reason } = error;
    const options = { help: helps[reason], data: { reason }, cause: error };
    throw new SdkError("approvalFailed", message, options);
  }
}
