import {
  type Contact,
  formatAddress,
  parseAddress,
  parseRoomUri,
  type SafetyComparison,
} from "@treehouse/protocol";

import {
  type AccountContext,
  type ContactBook,
  type ContactSafety,
  findContact,
  type FoundContact,
  labelOf,
  listIdentities,
  readSafety,
  settleKey,
  type StoredAccount,
  verifyContact,
  writeLabel,
} from "../../account/index.ts";
import type { ClientEvents } from "../../events/index.ts";
import { guarded } from "../guarded.ts";
import { checkText } from "./own-text.ts";
import type { Chosen } from "./settings.ts";

/** Where one stands with somebody; a value, taken when it was asked for. */
export type ContactInfo = ClientEvents["contact"] & {
  /** They let you add them, as far as is known. */
  readonly mayAdd: boolean;
  /** You let them add you. */
  readonly mayBeAdded: boolean;
};

/**
 * Other users. Users of the own server may be added without asking, unless its operator decides
 * otherwise; users of other servers once they have agreed. Every act answers where one stands after
 * it, and may be repeated.
 */
export interface ClientContacts {
  /** Looks a user up by address and checks the signed client list. Refuses `unknownUser`. */
  find(address: string): Promise<FoundContact>;
  /** Everybody with whom one has something to do, blocked ones included. */
  list(): Promise<readonly ContactInfo[]>;
  /**
   * Asks for leave to add somebody. It lets them add this user, too, unless it is asked for one
   * conversation, by its id, alone. `note` has at most 256 octets, and servers can read it.
   */
  request(
    address: string,
    wish?: { readonly note?: string; readonly conversation?: string },
  ): Promise<ContactInfo>;
  /** Agrees to what they ask, or to be added to one conversation alone. */
  accept(address: string, wish?: { readonly conversation?: string }): Promise<ContactInfo>;
  /** Puts a request aside. They are not told. */
  decline(address: string): Promise<ContactInfo>;
  /** Takes back what was asked and agreed to. They are told, and conversations go on. */
  remove(address: string): Promise<ContactInfo>;
  /** They can neither add this user nor ask, and nothing they write alone is shown. Nobody is told. */
  block(address: string): Promise<ContactInfo>;
  unblock(address: string): Promise<ContactInfo>;
  /** The number to compare with somebody by other means; who was never seen is looked up. */
  safetyNumber(address: string): Promise<ContactSafety>;
  /**
   * Compares the safety number with what was scanned on the other side, or read out. A match is
   * remembered, and accepts a changed key. Refuses `malformed`.
   */
  verify(address: string, scanned: string): Promise<SafetyComparison>;
  /**
   * Takes the key that `safety` is about for theirs: `verified` says that the numbers were compared
   * by eye. Refuses `conflict` when it has changed since.
   */
  acceptKey(
    safety: Pick<ContactSafety, "address" | "identityKey">,
    how?: { readonly verified?: boolean },
  ): Promise<void>;
  /** What this user calls somebody; nobody else sees it. Undefined takes it back. */
  setLabel(address: string, label: string | undefined): Promise<void>;
  /** Everybody whose identity key this client knows; needs no server. */
  identities(): Promise<readonly ContactIdentity[]>;
}

/** Whose key is known, whether it has changed, and when it was compared. */
export type ContactIdentity = Omit<ContactSafety, "digits" | "payload"> & {
  readonly label?: string;
};

export function createContacts(parts: {
  readonly book: ContactBook;
  readonly context: AccountContext;
  readonly account: StoredAccount;
  readonly chosen: Chosen;
}): ClientContacts {
  const { book, context, account, chosen } = parts;
  const roomOf = (conversation: string | undefined) =>
    conversation === undefined ? undefined : parseRoomUri(conversation);
  const act =
    (run: (user: Contact["user"]) => Promise<Contact>) =>
    (address: string): Promise<ContactInfo> =>
      guarded(async () => infoOf(await run(parseAddress(address))));
  return {
    find: (address) => guarded(() => findContact(context, parseAddress(address))),
    list: () => guarded(async () => (await book.list()).map(infoOf)),
    request: (address, wish = {}) =>
      act((user) => book.request(user, { note: wish.note, room: roomOf(wish.conversation) }))(
        address,
      ),
    accept: (address, wish = {}) =>
      act((user) => book.accept(user, { room: roomOf(wish.conversation) }))(address),
    decline: act((user) => book.decline(user)),
    remove: act((user) => book.withdraw(user)),
    block: act((user) => book.block(user)),
    unblock: act((user) => book.unblock(user)),
    safetyNumber: (address) => guarded(() => readSafety(context, account, parseAddress(address))),
    verify: (address, scanned) =>
      guarded(async () => {
        const user = parseAddress(address);
        const result = await verifyContact(context, account, { user, scanned });
        if (result === "match") await chosen.push();
        return result;
      }),
    acceptKey: ({ address, identityKey }, how = {}) =>
      guarded(() => {
        const shown = { user: parseAddress(address), identityKey };
        return settleKey(context, shown, { verified: how.verified === true }).then(chosen.push);
      }),
    setLabel: (address, label) =>
      guarded(async () => {
        const user = parseAddress(address);
        checkText(label);
        const at = chosen.now();
        await context.store.transaction((tx) => writeLabel(tx, user, { label, at }));
        await chosen.push();
      }),
    identities: () =>
      guarded(async () => {
        const known = await listIdentities(context, account);
        const labels = await context.store.transaction((tx) =>
          known.map(({ user }) => labelOf(tx, user)),
        );
        return known.map((one, at) => {
          const label = labels[at];
          return label === undefined ? one : { ...one, label };
        });
      }),
  };
}

function infoOf(contact: Contact): ContactInfo {
  const { mayAdd, mayBeAdded } = contact;
  return { ...contactEvent(contact), mayAdd, mayBeAdded };
}

/** What a listener is told of a contact. */
export function contactEvent({ user, state, note, rooms }: Contact): ClientEvents["contact"] {
  return {
    user,
    address: formatAddress(user),
    state,
    ...(note === undefined ? {} : { note }),
    ...(rooms === undefined ? {} : { rooms }),
  };
}
