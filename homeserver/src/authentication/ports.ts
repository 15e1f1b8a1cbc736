import type {
  Bytes,
  ClientUri,
  ConsentEntry,
  Domain,
  RoomUri,
  UserReset,
  UserUri,
} from "@treehouse/protocol";
import type { Acquaintance, ReadTx, Tx } from "../platform/index.ts";

/** The clients' inboxes; `queuing` meets it. */
export interface Inboxes {
  /** Never refuses: a client that does not read its inbox stops nobody. */
  deliverAccountEvent(
    tx: Tx,
    event: {
      readonly client: ClientUri;
      readonly acceptedAt: number;
      readonly name: string;
      readonly data: Bytes;
    },
  ): Promise<void>;
  /** Forgets the inbox and all subscriptions of a client that is gone for good. */
  deleteClient(tx: Tx, client: ClientUri): Promise<void>;
}

/** The KeyPackages of clients; `key-packages` meets it. */
export interface KeyPackagesOf {
  deleteOf(tx: Tx, client: ClientUri): Promise<void>;
  /** Forgets what could be handed out of a client that stays. */
  deleteStockOf(tx: Tx, client: ClientUri): Promise<void>;
  /** Forgets a user who is gone, as who was given KeyPackages, too. */
  forgetUser(tx: Tx, user: UserUri): Promise<void>;
  /** Whether KeyPackages of the user were given to them, or for a room that their server founded. */
  wasHandedTo(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
}

/** The rooms in which users take part; `delivery` meets it. */
export interface RoomsOfUser {
  /**
   * Takes a user out of all rooms: what follows of it is durable with the transaction. Answers the
   * other servers with which a room was shared.
   */
  deleteUser(tx: Tx, user: UserUri): Promise<readonly Domain[]>;
  /** Whether the user is in a room with them, or with a user of theirs. */
  shares(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
  /**
   * Takes a client of a user out of all rooms in the same way; where its user has no other client,
   * only once another one has come, or after a while (FED-970). Answers the hubs of rooms elsewhere
   * that the user is in, if the user is one of this server.
   */
  revokeClient(
    tx: Tx,
    revoked: { readonly user: UserUri; readonly client: ClientUri; readonly revokedAt: number },
  ): Promise<readonly Domain[]>;
  /** The others in the rooms that a user of any server is in, as far as this server knows. */
  companionsOf(tx: ReadTx, user: UserUri): Promise<readonly UserUri[]>;
}

/** What users have uploaded; `assets` meets it. */
export interface AssetsOfUser {
  /** Everything of the user goes, also at other servers. */
  deleteUser(tx: Tx, user: UserUri): Promise<void>;
}

/** What proves an account beside its password; `factors` meets it. */
export interface SecondFactors {
  isRequired(tx: ReadTx, name: string): Promise<boolean>;
  /** Counts the code as used, or as a failure. Refuses `factorInvalid` and `rateLimited`. */
  check(name: string, code: string): Promise<void>;
  /**
   * Links an account that begins with what was proved at the operator's provider of logins. Refuses
   * `loginFailed` and `conflict`.
   */
  link(tx: Tx, name: string, proof: string): Promise<void>;
  /** Forgets everything that proved an account which is gone. */
  forget(tx: Tx, user: UserUri): Promise<void>;
}

/** The mailboxes that accounts have confirmed; `factors` meets it. */
export interface Mailboxes {
  /** Whether this server sends mail. */
  available(): boolean;
  isConfirmed(tx: ReadTx, name: string, address: string): Promise<boolean>;
  /** Mails the account's confirmed address, if it has one, behind the answer. Never throws. */
  mail(name: string, mail: { readonly subject: string; readonly text: string }): void;
}

/** What is told to other servers; `federation` meets it. */
export interface ConsentOutbox {
  /**
   * Durable with the transaction; told once in effect and in order. May refuse `peerDenied`, unless
   * it takes back what was asked or given.
   */
  add(
    tx: Tx,
    peer: Domain,
    item:
      | { readonly kind: "consent"; readonly entry: ConsentEntry }
      | { readonly kind: "userDeleted"; readonly user: UserUri; readonly deletedAt: number }
      | { readonly kind: "clientRevoked"; readonly client: ClientUri; readonly revokedAt: number }
      | ({ readonly kind: "userReset" } & UserReset),
  ): Promise<void>;
}

/** Users of other servers; `federation` meets it. */
export interface RemoteUsers {
  /**
   * The latest `SignedClientList` of a user, as her server tells it, with that server's
   * countersigning keys. Undefined when there is no such user. Refuses `peerUnreachable`
   * and `peerDenied`.
   */
  find(user: UserUri, options: { readonly fresh: boolean }): Promise<RemoteUser | undefined>;
  /**
   * The client lists of a user behind a version, as the user's server tells them; none when there is
   * no such user. Refuses `peerUnreachable` and `peerDenied`.
   */
  lists(user: UserUri, after: number): Promise<readonly Bytes[]>;
  /** What was answered of the user holds no longer: the account or a client of it is gone. */
  forget(user: UserUri): void;
}

export type RemoteUser = {
  readonly clientList: Bytes;
  readonly countersigners: readonly { readonly kid: string; readonly key: Bytes }[];
};

/** Everything outside of this module that contacts and the end of an account reach. */
export type Neighbours = {
  readonly inboxes: Inboxes;
  readonly keyPackages: KeyPackagesOf;
  readonly rooms: RoomsOfUser;
  readonly assets: AssetsOfUser;
  readonly factors: SecondFactors;
  readonly mailboxes: Mailboxes;
  readonly outbox: ConsentOutbox;
  readonly users: RemoteUsers;
};

/** May `requester` fetch KeyPackages of `target`, a user of this server, for that room? */
export type ConsentQuestion = {
  readonly requester: UserUri;
  readonly target: UserUri;
  readonly room: RoomUri | undefined;
};
