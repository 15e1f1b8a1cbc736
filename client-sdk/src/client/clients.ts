import { type AccountContext, listClients, type StoredAccount } from "../account/index.ts";
import { guarded } from "./guarded.ts";

/** A client of the own account; times are milliseconds since the Unix epoch. */
export type ClientInfo = {
  readonly client: string;
  /** It is this one. */
  readonly current: boolean;
  readonly addedAt: number;
  readonly expiresAt: number;
};

export interface OwnClients {
  /**
   * The clients of this account, in the order of their ids. Refuses `identityInvalid` when the
   * server shows a list that the user has not signed, or an older one than before.
   */
  list(): Promise<readonly ClientInfo[]>;
}

export function createOwnClients(context: AccountContext, own: StoredAccount): OwnClients {
  return {
    list: () =>
      guarded(async () =>
        (await listClients(context)).map(({ client, addedAt, expiresAt }) => ({
          client,
          current: client === own.client,
          addedAt,
          expiresAt,
        })),
      ),
  };
}
