import {
  ACCOUNT_DATA_LIMITS,
  ACCOUNT_EVENTS,
  nameOf,
  Refusal,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, UserUri } from "@treehouse/protocol";
import type { AuthenticationContext } from "../context.ts";

/**
 * Puts a record of the account in the place of the version that the client knows (0: of none), and
 * tells all of the user's clients. Answers the new version. Refuses `conflict` when another version
 * is there, `limitExceeded`, and `sessionEnded` when the account is gone meanwhile.
 */
export function writeAccountData(
  context: AuthenticationContext,
  user: UserUri,
  wanted: { readonly slot: string; readonly expectedVersion: number; readonly sealed: Bytes },
): Promise<number> {
  const { accountData, database, env, neighbours, store } = context;
  const { slot, expectedVersion, sealed } = wanted;
  if (sealed.length > ACCOUNT_DATA_LIMITS.accountDataBytesMax) throw tooMuch("accountDataBytesMax");
  const owner = nameOf(user);
  return database.transaction(async (tx) => {
    if ((await store.account(tx, owner)) === undefined) {
      throw new Refusal("sessionEnded", "the account is gone");
    }
    const known = await accountData.record(tx, owner, slot);
    if ((known?.version ?? 0) !== expectedVersion) {
      throw new Refusal("conflict", "another client has written this record meanwhile");
    }
    if (known === undefined) {
      const { length } = await accountData.list(tx, owner);
      if (length >= ACCOUNT_DATA_LIMITS.accountDataRecordsMax)
        throw tooMuch("accountDataRecordsMax");
    }
    const now = env.now();
    const version = expectedVersion + 1;
    await accountData.put(tx, owner, { slot, version, sealed, changedAt: now });
    const data = utf8Encode(JSON.stringify({ slot, version }));
    for (const { client } of await store.clientsOf(tx, owner)) {
      await neighbours.current.inboxes.deliverAccountEvent(tx, {
        client,
        acceptedAt: now,
        name: ACCOUNT_EVENTS.accountDataChanged,
        data,
      });
    }
    return version;
  });
}

function tooMuch(limitName: keyof typeof ACCOUNT_DATA_LIMITS): Refusal {
  const limit = ACCOUNT_DATA_LIMITS[limitName];
  return new Refusal("limitExceeded", "too much account data", { limitName, limit });
}
