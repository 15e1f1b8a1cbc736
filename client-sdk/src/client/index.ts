/** The face of the SDK: one client of one account, over one store. */
import { type MemberContext } from "@treehouse/mls/member";
import { formatAddress, parseAddress, parseRoomUri, Refusal } from "@treehouse/protocol";

import {
  type AccountContext,
  type ContactBook,
  changePassword,
  createAccountData,
  createContactBook,
  createOwnIdentity,
  deleteAccount,
  type IdentityAlarm,
  logOut,
  lookUp,
  type OwnIdentity,
} from "../account/index.ts";
import { SdkError, toSdkError } from "../errors/index.ts";
import { type ClientEvents, createEvents, type Events } from "../events/index.ts";
import { createAlarms, createGroups, type Groups, type People } from "../groups/index.ts";
import {
  createReader,
  type Message,
  type MessagesOptions,
  unhandledMessages,
} from "../messages/index.ts";
import { createProfiles, type Profiles, profileTaker } from "../profiles/index.ts";
import { type LocalStore, openLocalStore } from "../storage/index.ts";
import { receiptTaker } from "./receipts.ts";
import { createSync, type Sync } from "../sync/index.ts";
import { createSerial } from "../transport/index.ts";
import { type Admin, createAdmin } from "./admin.ts";
import { type ClientContacts, contactEvent, createContacts } from "./contacts.ts";
import { type Conversation, type ConversationInfo, createConversation } from "./conversation.ts";
import { guarded } from "./guarded.ts";
import { accountEventsOf } from "./account-events.ts";
import { createOwnClients, type OwnClients } from "./clients.ts";
import { type Check, diagnose } from "./diagnose.ts";
import { exportAccount, type ExportLine } from "./export-account.ts";
import { listConversations } from "./list-conversations.ts";
import { openAccount, type OpenedAccount } from "./open-account.ts";
import { type ClientEmail, createEmail } from "./email.ts";
import { type ClientFactors, createFactors } from "./factors.ts";
import type { ClientOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { type ClientPrivacy, createClientPrivacy } from "./privacy.ts";
import { type ClientProfile, createClientProfile } from "./profile.ts";
import { type ClientRecovery, createClientRecovery } from "./recovery.ts";
import { createReset } from "./reset.ts";
import { type ClientSessions, createSessions } from "./sessions.ts";
import { type ClientSettings, createChosen, createClientSettings } from "./settings.ts";

export type {
  Conversation,
  ConversationInfo,
  ConversationSafety,
  Member,
  SentMessage,
} from "./conversation.ts";
export type { Admin, Invite } from "./admin.ts";
export type { FederationAdmin, FederationOverview, RuleNote } from "./admin-federation.ts";
export type { ClientContacts, ContactIdentity, ContactInfo } from "./contacts.ts";
export type { ClientEmail, EmailInfo } from "./email.ts";
export type { ClientFactors, FactorProof, FactorsInfo, PasskeyInfo } from "./factors.ts";
export type { ApprovalRequest, Approvals } from "./approvals.ts";
export type { ClientInfo, ClientProof, OwnClients } from "./clients.ts";
export type { Check } from "./diagnose.ts";
export type { ExportLine } from "./export-account.ts";
export type { ClientOptions } from "./options.ts";
export type { Platform } from "./platform.ts";
export type { ClientPrivacy } from "./privacy.ts";
export type { ClientProfile } from "./profile.ts";
export type { ClientRecovery, RecoveryProof } from "./recovery.ts";
export { requestReset, type ResetRequest } from "./reset.ts";
export type { ClientSessions, SessionInfo } from "./sessions.ts";
export type { ClientSettings } from "./settings.ts";

export type CreateConversation = {
  /** At most 64 octets; only members can read it. */
  readonly name?: string;
  /** Addresses. */
  readonly members?: readonly string[];
};

export interface Client extends AsyncDisposable {
  readonly me: { readonly address: string; readonly user: string; readonly client: string };
  readonly conversations: {
    /**
     * All that this store knows, oldest first, also those that were left; but none with somebody
     * who is blocked alone.
     */
    list(): Promise<readonly ConversationInfo[]>;
    /** By id or by a unique beginning of it, or by name. Refuses `unknownRoom`. */
    get(reference: string): Promise<Conversation>;
    create(wanted: CreateConversation): Promise<Conversation>;
    /**
     * The conversation between two that nobody else can ever enter: one per pair, so that the same
     * address gives the same conversation again.
     */
    dm(address: string): Promise<Conversation>;
  };
  readonly admin: Admin;
  /** Looks at connection, session, KeyPackages and backlog; changes nothing. */
  diagnose(): Promise<readonly Check[]>;
  readonly contacts: ClientContacts;
  /** Who is logged in to the account, on whatever client. */
  readonly sessions: ClientSessions;
  readonly settings: ClientSettings;
  /** What the user says of themselves, and what others do. */
  readonly profile: ClientProfile;
  readonly factors: ClientFactors;
  readonly email: ClientEmail;
  readonly privacy: ClientPrivacy;
  readonly clients: OwnClients;
  /** The key that opens everything when the password is forgotten. */
  readonly recovery: ClientRecovery;
  readonly account: {
    /**
     * Deletes the account: at the server with everything that is the user's, at other servers that
     * knew it, and in this store. Nobody can ever have the name again. The client is closed then.
     * Refuses `loginFailed`, and does nothing, when the password is wrong.
     */
    delete(proof: { readonly password: string }): Promise<void>;
    /** Until when a reset by e-mail waits that any client can stop; undefined when there is none. */
    resetWaitsUntil(): Promise<number | undefined>;
    /** Stops a reset by e-mail, whatever has come of it. */
    cancelReset(): Promise<void>;
    /**
     * Puts a new password in the place of the old one, and seals the recovery bundle under it: no key
     * is lost. Sessions go on. Refuses `loginFailed` when the old one is wrong.
     */
    changePassword(change: {
      readonly oldPassword: string;
      readonly newPassword: string;
    }): Promise<void>;
    /**
     * Everything of the user's own that this client and its server have: account, sessions, settings,
     * contacts, known keys, conversations, and all that was said, oldest first. No private keys.
     */
    export(): AsyncIterable<ExportLine>;
  };
  /**
   * Messages of others, in the order of arrival, from where the last loop over this store stopped.
   * A message is acknowledged when the next one is asked for. One loop at a time. Ends with the
   * client; what the loop was busy with then comes again.
   */
  messages(options?: MessagesOptions): AsyncIterable<Message>;
  on<K extends keyof ClientEvents>(name: K, listener: (value: ClientEvents[K]) => void): () => void;
  /**
   * Resolves once everything that the server held at some moment after the call is stored. Waits
   * while the server cannot be reached; rejects when the session is over or the client closed.
   */
  caughtUp(): Promise<void>;
  /** Ends the session at the server. The store keeps keys and history. */
  logout(): Promise<void>;
  /** Stops everything and closes the store; nothing accepted is lost. Idempotent. */
  close(): Promise<void>;
}

/** Opens or resumes the client that lives in a store. Throws `SdkError`. */
export async function openClient(platform: Platform, options: ClientOptions): Promise<Client> {
  try {
    const { database, key } = await platform.openStore(options.store);
    const store = await openLocalStore(database, key, platform.env.random).catch(
      async (error: unknown) => {
        await database.close();
        throw error;
      },
    );
    try {
      const events = createEvents<ClientEvents>();
      const alarm = (value: IdentityAlarm) =>
        events.emit("identityAlarm", { ...value, address: formatAddress(value.user) });
      const opened = await openAccount(platform, store, options, alarm);
      return startClient(platform, store, { ...opened, events }, options);
    } catch (error) {
      await store.close();
      throw error;
    }
  } catch (error) {
    await platform.close();
    throw toSdkError(error);
  }
}

function startClient(
  platform: Platform,
  store: LocalStore,
  opened: OpenedAccount & { readonly events: Events<ClientEvents> },
  options: ClientOptions,
): Client {
  const { env, crypto } = platform;
  const { account, context, events } = opened;
  const sync = createSync(env, context.api, store, account.client, events);
  const member: MemberContext = { crypto, now: () => env.now() };
  const book = createContactBook(context, account.user, (contact) =>
    events.emit("contact", contactEvent(contact)),
  );
  const identity = { user: account.user, key: opened.dataKey };
  const data = createAccountData(context, identity, (told) => events.emit("accountData", told));
  const chosen = createChosen(data, () => env.now());
  const own = createOwnIdentity(context, account, {
    changed: (change) => events.emit("clientsChanged", change),
    renewed: () => groups.renewed(),
  });
  const log = (event: string, error: unknown) => env.log.warn(event, { error: String(error) });
  const groups: Groups = createGroups({
    env,
    alarms: createAlarms(env),
    people: peopleOf(context, book, own),
    accountEvents: accountEventsOf({ context, account, book, data, own, log, events }),
    store,
    api: context.api,
    link: sync,
    member,
    identity: own.identity,
    self: { user: account.user, client: account.client },
    events,
    reader: createReader({
      profile: profileTaker(account.user, (user) =>
        events.emit("profile", { user, address: formatAddress(user) }),
      ),
      status: receiptTaker(account.user, (told) => events.emit("read", told)),
    }),
  });
  const profiles = createProfiles({ env, store, groups, self: account.user, events });
  if (options.offline !== true) sync.start(groups);
  const session = { user: account.user, client: account.client, random: env.random };
  const parts = { groups, store, session, chosen, profiles };
  const pairs = createSerial();
  const life = new AbortController();
  let closing: Promise<void> | undefined;
  const close = () => {
    life.abort();
    closing ??= closeAll(platform, store, { sync, groups, profiles });
    return closing;
  };
  const asked = {
    contacts: createContacts({ book, context, account, chosen }),
    settings: createClientSettings({ store, chosen }),
    profile: createClientProfile({ store, chosen, profiles, self: account.user }),
    sessions: createSessions(context.api),
  };
  return {
    me: {
      address: formatAddress(account.user),
      user: account.user,
      client: account.client,
    },
    conversations: {
      list: () => guarded(() => listConversations(parts)),
      get: (reference) =>
        guarded(async () => createConversation(parts, await findRoom(store, groups, reference))),
      create: ({ name = "", members = [] }) =>
        guarded(async () => {
          const users = members.map(parseAddress).filter((user) => user !== account.user);
          const kind = { template: "group" } as const;
          return createConversation(parts, await groups.create({ name, kind, members: users }));
        }),
      dm: (address) =>
        guarded(async () => {
          const peer = parseAddress(address);
          // One after another, so that two calls do not make two of what there is one of.
          return createConversation(parts, await pairs.run(() => groups.direct(peer)));
        }),
    },
    ...asked,
    clients: createOwnClients(context, { account, own, chosen }),
    recovery: createClientRecovery(context, account, chosen),
    account: {
      export: () =>
        exportAccount({
          ...asked,
          store,
          account,
          open: (room) => createConversation(parts, room),
        }),
      ...createReset(context.api),
      changePassword: (change) => guarded(() => changePassword(context, change)),
      delete: ({ password }) =>
        guarded(async () => {
          await deleteAccount(context, password);
          life.abort();
          closing ??= closeAll(platform, store, { sync, groups, profiles }, () => store.wipe());
          await closing;
        }),
    },
    factors: createFactors(context.api),
    email: createEmail(context.api),
    privacy: createClientPrivacy(context.api),
    admin: createAdmin(context.api),
    diagnose: () => diagnose(context, env, account.user),
    messages: (wanted) => unhandledMessages(store, events, wanted ?? {}, life.signal),
    on: (name, listener) => events.on(name, listener),
    caughtUp: () => guarded(() => sync.caughtUp()),
    logout: () => guarded(() => logOut(context, account)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function peopleOf(context: AccountContext, book: ContactBook, own: OwnIdentity): People {
  return {
    async lookUp(user, options) {
      const { certificate, list, countersigners } = await lookUp(context, user, options);
      const { identityKey, number } = certificate;
      return { identityKey, number, clients: list.clients, countersigners };
    },
    mayAdd: (user) => book.mayAdd(user),
    self: {
      refresh: () => own.refresh(),
      number: () => own.number(),
      clients: () => own.ids(),
    },
  };
}

async function closeAll(
  platform: Platform,
  store: LocalStore,
  running: { readonly sync: Sync; readonly groups: Groups; readonly profiles: Profiles },
  last: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { sync, groups, profiles } = running;
  profiles.stop();
  try {
    await sync.stop(closed());
    await groups.stop(closed());
    await last();
  } finally {
    await store.close();
    await platform.close();
  }
}

function closed(): SdkError {
  return new SdkError("closed", "the client was closed", {
    help: "What was asked for is stored and goes on when the client is opened again.",
  });
}

async function findRoom(store: LocalStore, groups: Groups, reference: string) {
  const rows = await store.transaction((tx) => tx.rooms.list());
  const exact = rows.filter(({ room }) => room === reference);
  const named = rows.filter((row) => groups.details(row).name === reference);
  const begun = rows.filter(({ room }) => idOf(room).startsWith(idOf(reference)));
  const found = [exact, named, begun].find((matches) => matches.length > 0) ?? [];
  const [only, another] = found;
  if (only === undefined) {
    throw new Refusal("unknownRoom", `there is no conversation "${reference}" in this store`);
  }
  if (another !== undefined) {
    throw new Refusal("unknownRoom", `more than one conversation is meant by "${reference}"`);
  }
  return parseRoomUri(only.room);
}

/** The part of a room's URI that tells it apart. */
function idOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
