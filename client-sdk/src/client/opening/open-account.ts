import {
  type Bytes,
  clientListHash,
  domainOf,
  parseAddress,
  Refusal,
  signedClientListCodec,
  type UserUri,
} from "@treehouse/protocol";

import {
  type AccountContext,
  addClient,
  bundleSetting,
  dataKeySetting,
  joinByApproval,
  KEY_STRETCHING,
  logIn,
  parseRecoveryKey,
  proveExternally,
  provePasskey,
  proveRequest,
  readAccount,
  register,
  type Secret,
  resetAccount,
  type StoredAccount,
} from "../../account/index.ts";
import { SdkError } from "../../errors/index.ts";
import { noteNewClient } from "../../groups/index.ts";
import { wantHistory } from "../../history/index.ts";
import type { LocalStore, LocalTx } from "../../storage/index.ts";
import { createApi } from "../../transport/index.ts";
import { approving } from "../clients/index.ts";
import { defaultServer } from "./default-server.ts";
import type { ClientOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** An account with a session, or without one when the client is opened offline. */
export type OpenedAccount = {
  readonly context: AccountContext;
  readonly account: StoredAccount;
  /** Absent in a store from before there was account data, until the next login. */
  readonly dataKey: Bytes | undefined;
};

/**
 * Finds the account in the store, or registers it, and sees to it that there is a session. The
 * token is asked anew at each request, so a login counts at once.
 */
export async function openAccount(
  platform: Platform,
  store: LocalStore,
  options: ClientOptions,
  alarm: AccountContext["alarm"],
): Promise<OpenedAccount> {
  const user = parseAddress(options.account);
  const stored = await store.transaction((tx) => readAccount(tx));
  if (stored !== undefined && stored.user !== user) {
    throw new SdkError("accountMismatch", "this store belongs to another account", {
      help: "Open the store with its own account, or use another store.",
    });
  }
  const server = (options.server ?? stored?.server ?? defaultServer(user)).replace(/\/+$/, "");
  const opened: { account: StoredAccount | undefined } = { account: stored };
  const { crypto, env } = platform;
  const api = createApi(env, server, {
    token: () => opened.account?.sessionToken,
    prove: (request) => opened.account && proveRequest(crypto, opened.account, request),
    domain: domainOf(user),
  });
  const { clientName, external, passkey } = options;
  const prove = external && once(() => proveExternally(api, external));
  const touch = passkey && (() => provePasskey(api, passkey));
  const secondFactor = options.secondFactor ?? touch ?? prove;
  const { keyStretching = KEY_STRETCHING } = platform;
  const context = { api, store, crypto, env, keyStretching, alarm, clientName, secondFactor };
  // That a password or a domain is wrong shows here, and not at the server.
  const explain = async (error: unknown): Promise<never> => {
    throw await api.explained(error);
  };
  const begun = stored !== undefined && stored.leafIdentity === undefined;
  if (options.reset !== undefined) {
    const { token } = options.reset;
    opened.account = await resetAccount(context, { user, password: needPassword(options), token });
  } else if (options.register === undefined && (await isNewClient(store, stored))) {
    if (options.login !== true) {
      throw new SdkError("noClientInStore", "this store holds no client of the account", {
        help:
          "Register the account, log in to make a further client of it, or open the store in which " +
          "its client was made.",
      });
    }
    opened.account = await becomeClient(context, user, stored, options).catch(explain);
  } else if (stored === undefined || (begun && options.register !== undefined)) {
    const password = needPassword(options);
    const proved = prove && { externalProof: await prove() };
    const wanted = { user, password, ...options.register, ...proved };
    opened.account = await register(context, wanted).catch(explain);
  } else if (options.register !== undefined) {
    throw new Refusal("conflict", "this store already belongs to an account: use another store");
  } else if (needsLogin(stored, options)) {
    opened.account = await logIn(context, stored, needPassword(options))
      .catch(notRevoked)
      .catch(explain);
  }
  if (opened.account === undefined) throw new Error("an account without keys");
  const { account } = opened;
  if (account.leafIdentity === undefined) {
    throw new SdkError("loginRequired", "the registration of this account was not completed", {
      help: "Register again, with the same store and password.",
    });
  }
  await pinOwn(context, account);
  const dataKey = await store.transaction((tx) => tx.settings.get(dataKeySetting));
  return { context, account, dataKey };
}

/** What a server says of oneself is compared with what was signed here. */
async function pinOwn({ env, store }: AccountContext, account: StoredAccount): Promise<void> {
  const { list, certificate } = signedClientListCodec.decode(account.clientList);
  const { user } = account;
  await store.transaction((tx) => {
    tx.contacts.see(user, certificate.identityKey, env.now());
    const known = tx.contacts.get(user);
    if (known === undefined || known.listVersion >= list.version) return;
    const { number: keyNumber } = certificate;
    const listHash = clientListHash(list);
    const { clientList: signedList } = account;
    tx.contacts.put({ ...known, listVersion: list.version, listHash, signedList, keyNumber });
  });
}

/** Nothing is in the store, or keys that were to become a further client's. */
function isNewClient(store: LocalStore, stored: StoredAccount | undefined): Promise<boolean> {
  return store.transaction(
    (tx) =>
      stored === undefined ||
      (stored.leafIdentity === undefined && tx.settings.get(bundleSetting) === undefined),
  );
}

/** Who is logged in at the provider as somebody else would be so again and again. */
function once(prove: () => Promise<string>): () => Promise<string> {
  let asked = false;
  return () => {
    if (asked) {
      const text = "the account at the provider is not the one that this account is linked with";
      return Promise.reject(new Refusal("factorInvalid", text));
    }
    asked = true;
    return prove();
  };
}

function needsLogin(stored: StoredAccount, options: ClientOptions): boolean {
  if (options.offline === true) return false;
  return stored.sessionToken === undefined || options.login === true;
}

/** The password was right, and the client of this store is none of the account's any more. */
function notRevoked(error: unknown): never {
  if (!(error instanceof Refusal) || error.code !== "unknownClient") throw error;
  throw new SdkError("unknownClient", "the client of this store was removed from its account", {
    help:
      "Make a further client with `login: true` and an empty store. With `offline: true` this store " +
      "still shows its history.",
    cause: error,
  });
}

function needPassword(options: ClientOptions): string {
  if (options.password !== undefined && options.password !== "") return options.password;
  throw new SdkError("passwordRequired", "the account's password is needed", {
    help: "Give the password; it is not stored.",
  });
}

/** Makes a further client of what is in the store, by whichever way was asked for. */
function becomeClient(
  context: AccountContext,
  user: UserUri,
  begun: StoredAccount | undefined,
  options: ClientOptions,
): Promise<StoredAccount> {
  const { approval } = options;
  if (approval !== undefined) {
    return approving(() => joinByApproval(context, { user, ...approval }, noteNew));
  }
  return addClient(context, { user, secret: secretOf(options) }, begun, noteNew);
}

/** What opens the keys for a further client: the recovery key where one is given. */
function secretOf(options: ClientOptions): Secret {
  if (options.recoveryKey === undefined) return { password: needPassword(options) };
  return { recoveryKey: parseRecoveryKey(options.recoveryKey) };
}

/** What a new client has yet to do: come into its user's conversations, and get their history. */
function noteNew(tx: LocalTx): void {
  noteNewClient(tx);
  wantHistory(tx);
}
