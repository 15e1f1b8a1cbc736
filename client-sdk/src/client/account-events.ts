import {
  type AccountContext,
  type AccountData,
  type ContactBook,
  lookUp,
  type StoredAccount,
} from "../account/index.ts";
import type { AccountEvents } from "../groups/index.ts";

/** What the inbox brings for contacts and account data, and what both ask for at a connection. */
export function accountEventsOf(parts: {
  readonly context: AccountContext;
  readonly account: StoredAccount;
  readonly book: ContactBook;
  readonly data: AccountData;
}): AccountEvents {
  const { context, account, book, data } = parts;
  return {
    apply(tx, event) {
      const told = [book.apply(tx, event), data.apply(tx, event)];
      return () => {
        for (const tell of told) tell();
      };
    },
    missed: (tx) => book.missed(tx),
    async catchUp() {
      await book.catchUp();
      await data.catchUp();
      // What the own server tells of oneself is judged like what it tells of others (T-09).
      await lookUp(context, account.user);
    },
  };
}
