import { type ClientUri, Refusal } from "@treehouse/protocol";

import {
  type AccountContext,
  clientNameOf,
  type OwnIdentity,
  revokeClient,
  type StoredAccount,
  writeClientName,
} from "../../account/index.ts";
import { guarded } from "../guarded.ts";
import { checkText, type Chosen } from "../account/index.ts";
import { type FactorAnswer, type RecoveryProof, secretOf } from "./recovery.ts";
import { type Approvals, createApprovals } from "./approvals.ts";

/** A client of the own account; times are milliseconds since the Unix epoch. */
export type ClientInfo = {
  readonly client: string;
  /** What the user calls it; only the user's own clients know. */
  readonly name?: string;
  /** It is this one. */
  readonly current: boolean;
  readonly addedAt: number;
  readonly expiresAt: number;
};

/** What a change of the clients takes. */
export type ClientProof = RecoveryProof & FactorAnswer;

export interface OwnClients extends Approvals {
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
  /**
   * Calls a client, which is named as for `revoke`, by a name that only this user sees, on all of the
   * user's clients. Undefined takes it back. Refuses `unknownClient` and `limitExceeded`.
   */
  rename(client: string, name: string | undefined): Promise<ClientInfo>;
}

export function createOwnClients(
  context: AccountContext,
  parts: {
    readonly account: StoredAccount;
    readonly own: OwnIdentity;
    readonly chosen: Chosen;
  },
): OwnClients {
  const { account, own, chosen } = parts;
  const { store } = context;
  const list = async (): Promise<readonly (ClientInfo & { readonly client: ClientUri })[]> => {
    await own.refresh();
    await chosen.pull();
    const names = await store.transaction((tx) =>
      own.clients().map(({ client }) => clientNameOf(tx, client)),
    );
    return own.clients().map(({ client, addedAt, expiresAt }, index) => {
      const name = names[index];
      const current = client === account.client;
      return { client, ...(name === undefined ? {} : { name }), current, addedAt, expiresAt };
    });
  };
  const call = async (client: ClientUri, name: string | undefined): Promise<void> => {
    const at = chosen.now();
    await store.transaction((tx) => writeClientName(tx, client, { name, at }));
    await chosen.push();
  };
  return {
    ...createApprovals(context, { user: account.user, own }),
    list: () => guarded(list),
    revoke: (reference, { secondFactor = context.secondFactor, ...proof }) =>
      guarded(async () => {
        const secret = secretOf(proof);
        const info = meant(await list(), reference);
        const proving = { ...context, secondFactor };
        await own.take(await revokeClient(proving, account, { client: info.client, secret }));
        if (info.name !== undefined) await call(info.client, undefined);
        return info;
      }),
    rename: (reference, name) =>
      guarded(async () => {
        checkText(name);
        const { name: _, ...info } = meant(await list(), reference);
        await call(info.client, name);
        return name === undefined ? info : { ...info, name };
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
