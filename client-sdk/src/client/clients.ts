import { type ClientUri, Refusal } from "@treehouse/protocol";

import {
  type AccountContext,
  type OwnIdentity,
  revokeClient,
  type StoredAccount,
} from "../account/index.ts";
import { guarded } from "./guarded.ts";

/** A client of the own account; times are milliseconds since the Unix epoch. */
export type ClientInfo = {
  readonly client: string;
  /** It is this one. */
  readonly current: boolean;
  readonly addedAt: number;
  readonly expiresAt: number;
};

/** What a change of the clients takes. */
export type ClientProof = {
  readonly password: string;
  /** As in `ClientOptions`, where the account has a second factor. */
  readonly secondFactor?: string | (() => Promise<string>);
};

export interface OwnClients {
  /**
   * The clients of this account, in the order of their ids. Refuses `identityInvalid` when the
   * server shows a list that the user has not signed, or an older one than before.
   */
  list(): Promise<readonly ClientInfo[]>;
  /**
   * Shuts out another client of this account, named by its id or a unique beginning of the last part:
   * its sessions, queue and KeyPackages end at once, nothing that is in it certifies a client any
   * more, and it is removed from every conversation. Refuses `notAllowed` for this client itself,
   * `unknownClient`, `loginFailed`, and `factorRequired` without a code that is needed.
   */
  revoke(client: string, proof: ClientProof): Promise<ClientInfo>;
}

export function createOwnClients(
  context: AccountContext,
  account: StoredAccount,
  own: OwnIdentity,
): OwnClients {
  const list = async (): Promise<readonly (ClientInfo & { readonly client: ClientUri })[]> => {
    await own.refresh();
    return own.clients().map(({ client, addedAt, expiresAt }) => ({
      client,
      current: client === account.client,
      addedAt,
      expiresAt,
    }));
  };
  return {
    list: () => guarded(list),
    revoke: (reference, { password, secondFactor = context.secondFactor }) =>
      guarded(async () => {
        const info = meant(await list(), reference);
        const proving = { ...context, secondFactor };
        await own.take(await revokeClient(proving, account, { client: info.client, password }));
        return info;
      }),
  };
}

/** The one client that a reference names. Refuses `unknownClient`. */
function meant<T extends { readonly client: ClientUri }>(all: readonly T[], reference: string): T {
  const exact = all.filter(({ client }) => client === reference);
  const begun = all.filter(({ client }) => idOf(client).startsWith(idOf(reference)));
  const [only, another] = exact.length > 0 ? exact : begun;
  if (only === undefined || reference === "") {
    throw new Refusal("unknownClient", `the account has no client "${reference}"`);
  }
  if (another !== undefined) {
    throw new Refusal("unknownClient", `more than one client is meant by "${reference}"`);
  }
  return only;
}

function idOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
