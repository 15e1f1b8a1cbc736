import { ACCOUNT_EVENTS } from "@treehouse/protocol";

import {
  type AccountContext,
  type AccountData,
  type ContactBook,
  createResetNotices,
  lookUp,
  type OwnIdentity,
  type StoredAccount,
} from "../../account/index.ts";
import type { ClientEvents, Events } from "../../events/index.ts";
import type { AccountEvents } from "../../groups/index.ts";

/**
 * What the inbox brings for contacts, account data and the list of own clients, and what they ask for
 * at a connection.
 */
export function accountEventsOf(parts: {
  readonly context: AccountContext;
  readonly account: StoredAccount;
  readonly book: ContactBook;
  readonly data: AccountData;
  readonly own: OwnIdentity;
  readonly log: (event: string, error: unknown) => void;
  readonly events: Events<ClientEvents>;
  /** What the user's other clients have chosen and read is known here now, as far as it can be. */
  readonly settled: () => void;
}): AccountEvents {
  const { context, account, book, data, own, log, events, settled } = parts;
  const notices = createResetNotices(context, (told) => events.emit("resetWaiting", told));
  return {
    apply(tx, event) {
      const told = [book, data, notices].map((part) => part.apply(tx, event));
      return () => {
        for (const tell of told) tell();
        if (event.name !== ACCOUNT_EVENTS.clientsChanged) return;
        // At the latest the next connection asks again.
        own.refresh().catch((error: unknown) => log("ownClients.notRefreshed", error));
      };
    },
    missed: (tx) => book.missed(tx),
    async catchUp() {
      try {
        await book.catchUp();
        await data.catchUp();
      } finally {
        settled();
      }
      // What the own server tells of oneself is judged like what it tells of others (T-09).
      await lookUp(context, account.user);
    },
  };
}
