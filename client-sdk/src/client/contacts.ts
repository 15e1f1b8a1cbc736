import { type Contact, formatAddress, parseAddress, parseRoomUri } from "@treehouse/protocol";

import type { ContactBook, FoundContact } from "../account/index.ts";
import type { ClientEvents } from "../events/index.ts";
import { guarded } from "./conversation.ts";

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
}

export function createContacts(book: ContactBook, find: ClientContacts["find"]): ClientContacts {
  const roomOf = (conversation: string | undefined) =>
    conversation === undefined ? undefined : parseRoomUri(conversation);
  const act =
    (run: (user: Contact["user"]) => Promise<Contact>) =>
    (address: string): Promise<ContactInfo> =>
      guarded(async () => infoOf(await run(parseAddress(address))));
  return {
    find: (address) => guarded(() => find(address)),
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
