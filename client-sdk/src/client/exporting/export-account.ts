import { formatAddress, type RoomUri, toBase64Url } from "@treehouse/protocol";

import type { StoredAccount } from "../../account/index.ts";
import type { Library } from "../../files/index.ts";
import type { HistoryItem } from "../../messages/index.ts";
import type { OwnProfile } from "../../profiles/index.ts";
import type { PackInfo, Stickers } from "../../stickers/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import type {
  ClientContacts,
  ContactIdentity,
  ContactInfo,
  ClientProfile,
  ClientSettings,
} from "../account/index.ts";
import type { Conversation, ConversationInfo } from "../conversation/index.ts";
import {
  exportedItem,
  type ExportedItem,
  exportedLibraryFile,
  type ExportedLibraryFile,
} from "./exported-files.ts";
import type { ClientSessions, SessionInfo } from "../clients/index.ts";

/**
 * A line of an export: what it is of, and the value; see `docs/sdk/export.md`. Private keys are in
 * none, so that an export can be kept where a store could not.
 */
export type ExportLine =
  | { readonly file: "account"; readonly value: ExportedAccount }
  | { readonly file: "sessions"; readonly value: SessionInfo }
  | { readonly file: "settings"; readonly value: ExportedSetting }
  | { readonly file: "profile"; readonly value: OwnProfile }
  | { readonly file: "contacts"; readonly value: ContactInfo }
  | { readonly file: "identities"; readonly value: ContactIdentity }
  | { readonly file: "stickers"; readonly value: PackInfo }
  | { readonly file: "files"; readonly value: ExportedLibraryFile }
  | { readonly file: "conversations"; readonly value: ConversationInfo }
  | { readonly file: "messages"; readonly value: ExportedItem };

export type ExportedAccount = {
  readonly address: string;
  readonly user: string;
  readonly client: string;
  /** The certificate by the identity key, and the signed client list: TLS structs in base64url. */
  readonly certificate: string;
  readonly clientList: string;
};

export type ExportedSetting = {
  readonly setting: string;
  readonly value: boolean | number | string;
};

const pageSize = 100;

/** Everything of the user's own that this client and its server have, file by file. */
export async function* exportAccount(parts: {
  readonly account: StoredAccount;
  readonly store: LocalStore;
  readonly sessions: ClientSessions;
  readonly settings: ClientSettings;
  readonly profile: ClientProfile;
  readonly contacts: ClientContacts;
  readonly stickers: Pick<Stickers, "list">;
  readonly library: Pick<Library, "list">;
  readonly open: (room: RoomUri) => Conversation;
}): AsyncGenerator<ExportLine, void, undefined> {
  const { account, store, sessions, settings, profile, contacts, stickers, library, open } = parts;
  const { user, client } = account;
  const [certificate, clientList] = [account.certificate, account.clientList].map(toBase64Url);
  yield {
    file: "account",
    value: {
      address: formatAddress(user),
      user,
      client,
      certificate: certificate ?? "",
      clientList: clientList ?? "",
    },
  };
  for (const value of await sessions.list()) yield { file: "sessions", value };
  for (const [setting, value] of Object.entries(await settings.get())) {
    yield { file: "settings", value: { setting, value } };
  }
  yield { file: "profile", value: await profile.get() };
  for (const value of await contacts.list()) yield { file: "contacts", value };
  for (const value of await contacts.identities()) yield { file: "identities", value };
  for (const value of await stickers.list()) yield { file: "stickers", value };
  for (const file of await library.list()) {
    yield { file: "files", value: exportedLibraryFile(file) };
  }
  // Those with somebody who is blocked are the user's own, too.
  const rooms = await store.transaction((tx) => tx.rooms.list().map(({ room }) => room));
  for (const room of rooms) yield { file: "conversations", value: await open(room).info() };
  for (const room of rooms) {
    for await (const item of historyOf(open(room))) {
      yield { file: "messages", value: exportedItem(item) };
    }
  }
}

/** Oldest first: the newest page has to be asked for first, so the pages' beginnings are noted. */
async function* historyOf(
  conversation: Conversation,
): AsyncGenerator<HistoryItem, void, undefined> {
  const ends: (number | undefined)[] = [];
  let before: number | undefined;
  for (;;) {
    const page = await conversation.history(pageBefore(before));
    const first = page[0];
    if (first === undefined) break;
    ends.push(before);
    before = first.position;
  }
  for (const end of ends.toReversed()) yield* await conversation.history(pageBefore(end));
}

function pageBefore(before: number | undefined) {
  return { limit: pageSize, ...(before === undefined ? {} : { before }) };
}
