import type { ClientEvents } from "../events/index.ts";
import type { Message, MessagesOptions } from "../messages/index.ts";
import type { ClientPresence } from "../presence/index.ts";
import type { Admin } from "./admin/index.ts";
import type {
  ClientFactors,
  ClientRecovery,
  ClientSessions,
  FactorAnswer,
  OwnClients,
} from "./clients/index.ts";
import type { ClientAssets, ClientFiles, ClientStickers } from "./files/index.ts";
import type {
  ClientContacts,
  ClientEmail,
  ClientPrivacy,
  ClientProfile,
  ClientSettings,
} from "./account/index.ts";
import type {
  ClientConversations,
  ClientFolders,
  ClientNotifications,
} from "./conversations/index.ts";
import type { Check } from "./diagnose.ts";
import type { ExportLine } from "./exporting/index.ts";
import type { ClientHistory } from "./history/index.ts";
import type { SearchOptions, SearchResult } from "./searching/index.ts";

/** One client of one account, over one store. */
export interface Client extends AsyncDisposable {
  readonly me: { readonly address: string; readonly user: string; readonly client: string };
  readonly conversations: ClientConversations;
  /** What the user has sorted conversations into. */
  readonly folders: ClientFolders;
  /** When the user is told of messages. */
  readonly notifications: ClientNotifications;
  readonly admin: Admin;
  /** Looks at connection, session, KeyPackages, backlog and conversations; changes nothing. */
  diagnose(): Promise<readonly Check[]>;
  readonly contacts: ClientContacts;
  readonly assets: ClientAssets;
  /** Opens files of messages, and keeps the user's own in folders. */
  readonly files: ClientFiles;
  /** Who is logged in to the account, on whatever client. */
  readonly sessions: ClientSessions;
  readonly settings: ClientSettings;
  /** What the user says of themselves, and what others do. */
  readonly profile: ClientProfile;
  /** How contacts are there, and how one shows oneself to them. */
  readonly presence: ClientPresence;
  /** Sticker packs and custom emoji. */
  readonly stickers: ClientStickers;
  readonly factors: ClientFactors;
  /** What was said, as it leaves this store and comes in. */
  readonly history: ClientHistory;
  readonly email: ClientEmail;
  readonly privacy: ClientPrivacy;
  readonly clients: OwnClients;
  /** The key that opens everything when the password is forgotten. */
  readonly recovery: ClientRecovery;
  readonly account: {
    /**
     * Deletes the account: at the server with everything that is the user's, at other servers that
     * knew it, and in this store. Nobody can ever have the name again. The client is closed then.
     * Refuses `loginFailed`, and does nothing, when the password is wrong, and `factorRequired` without a
     * code that is needed.
     */
    delete(proof: { readonly password: string } & FactorAnswer): Promise<void>;
    /** Until when a reset by e-mail waits that any client can stop; undefined when there is none. */
    resetWaitsUntil(): Promise<number | undefined>;
    /** Stops a reset by e-mail, whatever has come of it. */
    cancelReset(): Promise<void>;
    /**
     * Puts a new password in the place of the old one, and seals the recovery bundle under it: no key
     * is lost. Sessions go on. Refuses `loginFailed` when the old one is wrong, `factorRequired` without a
     * code that is needed, and `malformed` a new one that is shorter or longer than `PASSWORD_LIMITS` says.
     */
    changePassword(
      change: { readonly oldPassword: string; readonly newPassword: string } & FactorAnswer,
    ): Promise<void>;
    /**
     * Everything of the user's own that this client and its server have: account, sessions, settings,
     * contacts, known keys, conversations, and all that was said, oldest first. No private keys.
     */
    export(): AsyncIterable<ExportLine>;
  };
  /**
   * Looks in everything that this store holds: words, phrases and conditions, in any script; the
   * language is told in `docs/sdk/search.md`. Nothing leaves the client. Refuses `queryInvalid`, with
   * `reason` and `position` in its data.
   */
  search(query: string, options?: SearchOptions): Promise<SearchResult>;
  /**
   * Messages of others, in the order of arrival, from where the last loop over this store stopped.
   * A message is acknowledged when the next one is asked for, by every loop that runs and takes it.
   * Ends with the client; what a loop was busy with then comes again.
   */
  messages(options?: MessagesOptions): AsyncIterable<Message>;
  /**
   * Answers what ends it. What a listener throws is the program's own fault, and goes to it as an uncaught
   * exception, which ends a Node process; so does a promise of an async listener that is rejected.
   */
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
