import { inviteAnswerSchema, invitesAnswerSchema, paths } from "@treehouse/protocol";

import type { Api } from "../../transport/index.ts";
import { createFederationAdmin, type FederationAdmin } from "./admin-federation.ts";
import { guarded } from "../guarded.ts";

export type Invite = {
  readonly id: string;
  /** Told once, when the invite is made: whoever has it may register. */
  readonly token: string | undefined;
  readonly usesLeft: number;
  /** Milliseconds since the Unix epoch; absent: it does not expire. */
  readonly expiresAt: number | undefined;
};

/** What administrators of the own server may do; others are refused `notAllowed`. */
export interface Admin {
  createInvite(wanted: { readonly uses: number; readonly expiresAt?: number }): Promise<Invite>;
  invites(): Promise<readonly Invite[]>;
  revokeInvite(id: string): Promise<void>;
  readonly federation: FederationAdmin;
}

export function createAdmin(api: Api): Admin {
  return {
    createInvite: (wanted) =>
      guarded(async () =>
        inviteOf(await api.json("POST", paths.invites(), inviteAnswerSchema, wanted)),
      ),
    invites: () =>
      guarded(async () => {
        const answer = await api.json("GET", paths.invites(), invitesAnswerSchema);
        return answer.invites.map(inviteOf);
      }),
    revokeInvite: (id) => guarded(() => api.done("DELETE", paths.invite(id))),
    federation: createFederationAdmin(api),
  };
}

function inviteOf(answer: {
  readonly id: string;
  readonly token?: string | undefined;
  readonly uses: number;
  readonly expiresAt?: number | undefined;
}): Invite {
  return {
    id: answer.id,
    token: answer.token,
    usesLeft: answer.uses,
    expiresAt: answer.expiresAt,
  };
}
