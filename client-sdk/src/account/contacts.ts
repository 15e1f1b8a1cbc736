import {
  ACCOUNT_EVENTS,
  type AccountEventBody,
  type Contact,
  contactsAnswerSchema,
  contactSchema,
  domainOf,
  formatAddress,
  NetworkFault,
  paths,
  Refusal,
  type RoomUri,
  type UserUri,
  utf8Decode,
} from "@treehouse/protocol";

import type { LocalStore, LocalTx } from "../storage/index.ts";
import type { AccountContext } from "./context.ts";

/** Whom this client's user lets in, asks and blocks, kept as the own server tells it. */
export interface ContactBook {
  request(
    user: UserUri,
    wish: { readonly note?: string | undefined; readonly room?: RoomUri | undefined },
  ): Promise<Contact>;
  accept(user: UserUri, wish: { readonly room?: RoomUri | undefined }): Promise<Contact>;
  decline(user: UserUri): Promise<Contact>;
  block(user: UserUri): Promise<Contact>;
  unblock(user: UserUri): Promise<Contact>;
  withdraw(user: UserUri): Promise<Contact>;
  /** As the server has it now; as it was last told, when the server cannot be reached. */
  list(): Promise<readonly Contact[]>;
  /** Whether a user may be added, as far as the own server was told. */
  mayAdd(user: UserUri): Promise<boolean>;
  /**
   * Takes in an account event, in the transaction that moves the inbox's cursor; answers what is to
   * be done after it. Events that are not of contacts change nothing.
   */
  apply(tx: LocalTx, event: AccountEventBody): () => void;
  /** Events were lost: what is kept may not be what the server has. */
  missed(tx: LocalTx): void;
  /** Asks for everything, unless every change since the last time has come by the inbox. */
  catchUp(): Promise<void>;
}

/** Present while every change has come since everything was asked for. */
const inStep = "contacts in step";

/** `tell` hears of each contact that is another one than before. */
export function createContactBook(
  context: AccountContext,
  self: UserUri,
  tell: (contact: Contact) => void,
): ContactBook {
  const { api, store } = context;
  /** Rises with each event: what was asked before one may be older than it. */
  let heard = 0;

  const keep = (tx: LocalTx, contact: Contact): boolean => {
    const known = tx.relations.get(contact.user);
    if (known === undefined && contact.state === "none") return false;
    if (JSON.stringify(known) === JSON.stringify(contact)) return false;
    tx.relations.put(contact);
    return true;
  };

  const act = async (method: "POST" | "DELETE", path: string, body?: object): Promise<Contact> => {
    const before = heard;
    const contact = await api.json(method, path, contactSchema, body);
    // An event that came meanwhile may be newer, and that of this very act is on its way.
    if (before !== heard) return contact;
    if (await store.transaction((tx) => keep(tx, contact))) tell(contact);
    return contact;
  };

  const refresh = async (): Promise<readonly Contact[]> => {
    for (let attempt = 0; ; attempt += 1) {
      const before = heard;
      const answer = await api.json("GET", paths.contacts(), contactsAnswerSchema);
      if (before !== heard && attempt < attemptsMax) continue;
      const changed = await replaceAll(store, answer.contacts, keep);
      for (const contact of changed) tell(contact);
      return answer.contacts;
    }
  };

  return {
    request: (user, { note, room }) =>
      act("POST", paths.contactRequest(formatAddress(user)), {
        ...(note === undefined ? {} : { note }),
        ...(room === undefined ? {} : { room }),
      }),
    accept: (user, { room }) =>
      act("POST", paths.contactAccept(formatAddress(user)), room === undefined ? {} : { room }),
    decline: (user) => act("POST", paths.contactDecline(formatAddress(user)), {}),
    block: (user) => act("POST", paths.contactBlock(formatAddress(user)), {}),
    unblock: (user) => act("POST", paths.contactUnblock(formatAddress(user)), {}),
    withdraw: (user) => act("DELETE", paths.contact(formatAddress(user))),
    async list() {
      try {
        return await refresh();
      } catch (error) {
        if (!(error instanceof NetworkFault)) throw error;
        return store.transaction((tx) => tx.relations.list());
      }
    },
    async mayAdd(user) {
      if (domainOf(user) === domainOf(self)) return true;
      const known = await store.transaction((tx) => tx.relations.get(user));
      if (known?.mayAdd === true) return true;
      return (await refresh()).some((contact) => contact.user === user && contact.mayAdd);
    },
    apply(tx, event) {
      if (event.name === ACCOUNT_EVENTS.eventsDropped) {
        tx.settings.delete(inStep);
        return () => undefined;
      }
      const contact = contactOf(event);
      if (contact === undefined) return () => undefined;
      heard += 1;
      return keep(tx, contact) ? () => tell(contact) : () => undefined;
    },
    async catchUp() {
      if ((await store.transaction((tx) => tx.settings.get(inStep))) === undefined) await refresh();
    },
    missed: (tx) => tx.settings.delete(inStep),
  };
}

const attemptsMax = 5;

/** What an event says of a contact; undefined for one of another kind, or of a later version. */
function contactOf({ name, data }: AccountEventBody): Contact | undefined {
  if (!contactEvents.includes(name)) return undefined;
  try {
    return contactSchema.safeParse(JSON.parse(utf8Decode(data))).data;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}

const contactEvents: readonly string[] = [
  ACCOUNT_EVENTS.contactRequested,
  ACCOUNT_EVENTS.contactAccepted,
  ACCOUNT_EVENTS.contactChanged,
];

/** Keeps these and nobody else; answers those that are another one than before. */
function replaceAll(
  store: LocalStore,
  contacts: readonly Contact[],
  keep: (tx: LocalTx, contact: Contact) => boolean,
): Promise<readonly Contact[]> {
  return store.transaction((tx) => {
    const named = new Set(contacts.map(({ user }) => user));
    const gone = tx.relations
      .list()
      .filter(({ user }) => !named.has(user))
      .map(({ user }): Contact => ({ user, state: "none", mayAdd: false, mayBeAdded: false }));
    tx.settings.put(inStep, new Uint8Array(1));
    return [...gone, ...contacts].filter((contact) => keep(tx, contact));
  });
}
