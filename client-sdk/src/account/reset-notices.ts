import {
  ACCOUNT_EVENTS,
  type AccountEventBody,
  contactResetSchema,
  equalBytes,
  formatAddress,
  fromBase64Url,
  resetWaitingSchema,
  utf8Decode,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";

/** What the inbox brings about resets by e-mail: of contacts, and of the own account. */
export interface ResetNotices {
  /** In the transaction that moves the inbox's cursor; answers what is to be done after it. */
  apply(tx: LocalTx, event: AccountEventBody): () => void;
}

/**
 * A contact whose account was reset is told of once, and shows as changed until the new key is
 * accepted: no setting leaves that out. The key is that server's word, like any other that is seen,
 * and judged by the contact's own list before anybody is added.
 */
export function createResetNotices(
  { alarm, env }: Pick<AccountContext, "alarm" | "env">,
  tellWaiting: (waiting: { readonly until: number }) => void,
): ResetNotices {
  const contactReset = (tx: LocalTx, data: unknown): (() => void) => {
    const { data: said } = contactResetSchema.safeParse(data);
    if (said === undefined) return () => undefined;
    const { user } = said;
    const identityKey = fromBase64Url(said.identityKey);
    const known = tx.contacts.get(user);
    // Who was never seen is not pinned by a server's word alone.
    if (known !== undefined) {
      if (equalBytes(known.identityKey, identityKey)) return () => undefined;
      tx.contacts.see(user, identityKey, env.now());
    }
    const text = `${formatAddress(user)} ${resetText}`;
    return () => alarm({ user, kind: "accountReset", text });
  };
  return {
    apply(tx, { name, data }) {
      if (name === ACCOUNT_EVENTS.contactReset) return contactReset(tx, jsonOf(data));
      if (name !== ACCOUNT_EVENTS.resetWaiting) return () => undefined;
      const { data: waiting } = resetWaitingSchema.safeParse(jsonOf(data));
      return () => waiting && tellWaiting({ until: waiting.waitsUntil });
    },
  };
}

const resetText =
  "has reset the account by e-mail and begins with new keys; so would whoever reads that mailbox. " +
  "Ask that person by other means, and compare the safety number before you write anything.";

function jsonOf(data: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(data));
  } catch {
    return undefined;
  }
}
