import type { MemberContext } from "@treehouse/mls/member";
import { formatAddress } from "@treehouse/protocol";

import {
  changePassword,
  createAccountData,
  createContactBook,
  createOwnIdentity,
  deleteAccount,
  type IdentityAlarm,
  logOut,
  metadataKeyOf,
  writeMetadataKey,
} from "../account/index.ts";
import { createCopies } from "../copies/index.ts";
import { toSdkError } from "../errors/index.ts";
import { type ClientEvents, createEvents, type Events } from "../events/index.ts";
import {
  createAlarms,
  createGroups,
  type Groups,
  knownMetadataKeys,
  noteOldStore,
  roomKnown,
} from "../groups/index.ts";
import {
  createReader,
  describer,
  filesReader,
  Loops,
  unhandledMessages,
} from "../messages/index.ts";
import { createProfiles, profileTaker } from "../profiles/index.ts";
import { createPresences } from "../presence/index.ts";
import { type LocalStore, type LocalTx, openLocalStore } from "../storage/index.ts";
import { createStickers } from "../stickers/index.ts";
import { tellDeliveries } from "./deliveries.ts";
import { receiptTaker, openConversation } from "./conversation/index.ts";
import { createSync } from "../sync/index.ts";
import { createAssets } from "../assets/index.ts";
import { createAdmin } from "./admin/index.ts";
import {
  createClientAssets,
  createClientFiles,
  startFiles,
  createClientStickers,
} from "./files/index.ts";
import type { Client } from "./client.ts";
import {
  contactEvent,
  createContacts,
  accountEventsOf,
  createEmail,
  createClientPrivacy,
  createClientProfile,
  createClientPresence,
  createChosen,
  createClientSettings,
} from "./account/index.ts";
import {
  createConversations,
  createClientNotifications,
  createConversationFinder,
  createFolders,
} from "./conversations/index.ts";
import {
  checkedOptions,
  closeAll,
  openAccount,
  type OpenedAccount,
  type ClientOptions,
  type Platform,
  createLifetimes,
  createReset,
  overBy,
} from "./opening/index.ts";
import { checkedCalls } from "./checking/index.ts";
import { clientCalls } from "./client-calls.ts";
import { guarded } from "./guarded.ts";
import {
  createOwnClients,
  createFactors,
  createClientRecovery,
  createSessions,
} from "./clients/index.ts";
import { peopleOf } from "./people.ts";
import { diagnose } from "./diagnose.ts";
import { exportAccount } from "./exporting/index.ts";
import { startIndexing, search } from "./searching/index.ts";
import { createNotifier } from "../notifications/index.ts";
import { createClientHistory, startHistory } from "./history/index.ts";

/** Opens or resumes the client that lives in a store. Throws `SdkError`. */
export async function openClient(platform: Platform, wanted: ClientOptions): Promise<Client> {
  try {
    const options = checkedOptions(wanted);
    const { database, key } = await platform.openStore(options.store);
    const { random } = platform.env;
    const { storeSeal } = platform;
    const store = await openLocalStore(
      database,
      key,
      random,
      describer,
      filesReader,
      storeSeal,
    ).catch(async (error: unknown) => {
      await database.close();
      throw error;
    });
    try {
      const events = createEvents<ClientEvents>((name, value) => platform.hears?.(name, value));
      const alarm = (value: IdentityAlarm) =>
        events.emit("identityAlarm", { ...value, address: formatAddress(value.user) });
      const opened = await openAccount(platform, store, options, alarm);
      return checkedCalls(
        startClient(platform, store, { ...opened, events }, options),
        clientCalls,
      );
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
  const copies = createCopies(env, store, events, noteOldStore);
  const sync = createSync(env, context.api, store, account.client, { events, copies });
  const member: MemberContext = { crypto, now: () => sync.now() };
  const book = createContactBook(context, account.user, (contact) =>
    events.emit("contact", contactEvent(contact)),
  );
  const note = (tx: LocalTx) => {
    const at = env.now();
    for (const { room, key } of knownMetadataKeys(tx)) writeMetadataKey(tx, room, { key, at });
  };
  const identity = { user: account.user, key: opened.dataKey, note };
  const alarms = createAlarms(env);
  const catchingUp = alarms.create();
  const data = createAccountData(
    context,
    identity,
    (told) => {
      events.emit("accountData", told);
      groups.noted();
    },
    (delayMs, run) => catchingUp.set(delayMs, run),
  );
  const chosen = createChosen(
    data,
    () => env.now(),
    () => finder.changed(),
  );
  const own = createOwnIdentity(context, account, {
    changed(change) {
      events.emit("clientsChanged", change);
      // What this client knows and has not noted yet is for the new one.
      if (change.added.length > 0) tellOthers();
    },
    renewed: () => groups.renewed(),
  });
  /** What this client has come to know; at the latest the next connection tells it. */
  const tellOthers = () => data.soon();
  events.on("joined", tellOthers);
  const log = (event: string, error: unknown) => env.log.warn(event, { error: String(error) });
  const { expiry, lifetimes } = createLifetimes({
    env,
    store,
    events,
    alarm: alarms.create(),
    api: context.api,
    expire: (tx, message) => groups.expire(tx, message),
  });
  const over = (stored: boolean) =>
    overBy({ ended: sync.over(), offline: options.offline === true }, stored);
  const groups: Groups = createGroups({
    env,
    alarms,
    people: peopleOf(context, book, own),
    metadataKey: metadataKeyOf,
    accountEvents: accountEventsOf({
      context,
      account,
      book,
      data,
      own,
      log,
      events,
      settled: () => notifier.settled(),
    }),
    ears: {
      came: (tx, newcomers) => kept.grants.came(tx, newcomers),
      overheard: (heard) => presences.overheard(heard),
      spoke: (room, sender) => presences.spoke(room, sender),
      arrived: (place) => notifier.arrived(place),
    },
    store,
    api: context.api,
    copies,
    link: sync,
    over,
    member,
    keyPackageStock: platform.keyPackageStock,
    identity: own.identity,
    self: { user: account.user, client: account.client },
    events,
    reader: createReader({
      profile: profileTaker(account.user, (user) =>
        events.emit("profile", { user, address: formatAddress(user) }),
      ),
      grant: (tx, said) => kept.grants.heard(tx, said),
      status: receiptTaker(account.user, (name, told) => events.emit(name, told)),
    }),
    lifetimes,
  });
  const profiles = createProfiles({ env, store, groups, self: account.user, events });
  const presences = createPresences(env, { store, rooms: groups, events });
  if (options.offline !== true) sync.start(groups);
  const history = {
    env,
    crypto,
    store,
    events,
    self: account.user,
    dataKey: opened.dataKey,
    roomOf: roomKnown,
  };
  const indexing = startIndexing(env, store);
  events.on("changed", indexing.look);
  const notifier = createNotifier({
    store,
    events,
    self: account.user,
    now: () => env.now(),
    log,
  });
  const session = { user: account.user, client: account.client, random: env.random };
  const { assetCipher: cipher } = platform;
  const assets = createAssets({ env, api: context.api, store, cipher });
  const { library, ofConversations: files } = startFiles({
    env,
    store,
    assets,
    events,
    self: account.user,
    chosen,
    pictures: platform.pictures,
    changed: tellOthers,
  });
  const stickers = createStickers({ env, store, assets, chosen });
  const said = { profiles, presences, stickers, expiry };
  const parts = { assets, files, groups, store, session, chosen, ...said };
  const finder = createConversationFinder(parts, events);
  const failed = (error: unknown) => log("deliveries.notTold", error);
  tellDeliveries({ groups, session, store, events, alarm: alarms.create(), failed });
  const life = new AbortController();
  const lasting = { env, account, own, groups, assets, data, alarms, events, life: life.signal };
  const kept = startHistory(history, lasting);
  const looped = { store, events, expiry, loops: new Loops(), life: life.signal };
  const running = { assets, sync, groups, copies, profiles, presences, indexing, notifier };
  let closing: Promise<void> | undefined;
  const close = () => {
    life.abort();
    closing ??= closeAll(platform, store, running);
    return closing;
  };
  const asked = {
    contacts: createContacts({ book, context, account, chosen }),
    settings: createClientSettings({ store, chosen, changed: presences.settingsChanged }),
    profile: createClientProfile({ store, chosen, profiles, self: account.user }),
    sessions: createSessions(context.api),
  };
  const conversations = createConversations(parts, account.user, tellOthers, finder);
  return {
    me: { address: formatAddress(account.user), user: account.user, client: account.client },
    conversations,
    folders: createFolders(parts),
    notifications: createClientNotifications(parts),
    ...asked,
    assets: createClientAssets(assets),
    files: createClientFiles(library, assets),
    stickers: createClientStickers(stickers),
    presence: createClientPresence(presences.face),
    clients: createOwnClients(context, { account, own, chosen }),
    recovery: createClientRecovery(context, account, chosen),
    account: {
      export: () =>
        exportAccount({
          ...asked,
          stickers,
          library,
          store,
          account,
          open: (room) => openConversation(parts, room),
        }),
      ...createReset(context.api),
      changePassword: ({ secondFactor = context.secondFactor, ...change }) =>
        guarded(() => changePassword({ ...context, secondFactor }, change)),
      delete: ({ password, secondFactor = context.secondFactor }) =>
        guarded(async () => {
          await deleteAccount({ ...context, secondFactor }, password);
          life.abort();
          closing ??= closeAll(platform, store, running, () => store.wipe());
          await closing;
        }),
    },
    factors: createFactors(context),
    history: createClientHistory(history, kept, chosen),
    email: createEmail(context.api),
    privacy: createClientPrivacy(context.api),
    admin: createAdmin(context.api),
    diagnose: () =>
      diagnose(context, { env, user: account.user, conversations: conversations.list }),
    search: (query, wanted) => search(parts, query, wanted),
    messages: (wanted) => unhandledMessages(looped, wanted ?? {}),
    on: (name, listener) => events.on(name, listener),
    caughtUp: () =>
      guarded(async () => {
        const why = over(false);
        if (why !== undefined) throw why;
        await sync.caughtUp();
      }),
    logout: () =>
      guarded(async () => {
        await logOut(context);
        // The next connection finds that the session is over, and says so.
        sync.reread();
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
