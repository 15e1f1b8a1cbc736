import type { ClientIdentity, MemberContext, MemberGroup } from "@treehouse/mls/member";
import type {
  AccountEventBody,
  Bytes,
  CapabilityName,
  ClientUri,
  ContentChange,
  Env,
  Expiration,
  Head,
  Mentions,
  Poll,
  RoomUri,
  SubmitMessageResponse,
  UpdateRoomResponse,
  UserUri,
} from "@treehouse/protocol";

import type { ClientEvents, Events } from "../../events/index.ts";
import type { Cursor, LocalStore, LocalTx } from "../../storage/index.ts";
import type { Api, Serial } from "../../transport/index.ts";
import type { Alarm, Alarms } from "../alarms.ts";
import type { Halt } from "./halt.ts";
import type { HubRecord } from "./hub-record.ts";
import type { Founded } from "../generations/founded.ts";
import type { Begun } from "../generations/note-begun.ts";
import type { KeyPackageStock } from "../upkeep/index.ts";
import type { Passing, Trouble } from "../health/index.ts";
import type { Joiner } from "./joiner.ts";

/**
 * Hands requests to the hub. Rejects with `NetworkFault` when the answer is not known, and with a
 * `Refusal` when the hub said no: a refusal comes as such or as a response that names it.
 */
export interface Link {
  submit(room: RoomUri, request: Bytes): Promise<SubmitMessageResponse>;
  update(room: RoomUri, request: Bytes): Promise<UpdateRoomResponse>;
  live(): boolean;
  /** Reads every stream again from its cursor: entries were passed over. */
  reread(): void;
  /** Has who waits to have caught up look again at what the rooms have come to. */
  look(): void;
}

/** Who hears that users came into a room; owned here, met by the history layer. Must not throw. */
export type Newcomers = {
  readonly room: RoomUri;
  readonly position: number;
  readonly acceptedAt: number;
  readonly users: readonly UserUri[];
};

/** What a decrypted message says; owned here, met by the messages layer. */
export interface MessageReader {
  /** Throws `Refusal` when the content may not be shown as what it claims to be. */
  read(message: {
    readonly room: RoomUri;
    readonly sender: ClientUri;
    readonly plaintext: Uint8Array;
    readonly acceptedAt: number;
  }): ReadMessage;
  /** Who sent a stored message, and its content as it was encrypted. */
  stored(body: Uint8Array): { readonly sender: ClientUri; readonly content: Bytes };
  /** The poll that a stored message is. */
  poll(body: Uint8Array): Poll | undefined;
  /** What is left of a stored message that was taken back: who sent it. */
  emptied(body: Uint8Array): Bytes;
}

export type ReadMessage = {
  readonly messageId: string;
  /** Of the content: known to whoever can read it, and to nobody else. */
  readonly salt: Bytes;
  readonly body: Bytes;
  /**
   * Present when it is nothing that anybody says to the others: then this is written instead of a row
   * of the history. Answers what is to be done after the transaction, unless it is the own echo.
   */
  readonly aside?: (tx: LocalTx) => () => void;
  /** The user of the leaf that signed it. */
  readonly author: UserUri;
  /** What kind of content it is: see `Message.type`. */
  readonly what: string;
  /** Hex of the thread that it belongs to. */
  readonly topic?: string | undefined;
  readonly expires?: Expiration | undefined;
  /** Whom it names. */
  readonly mentions?: Mentions;
  /** Of each of these the sender's role must have one (FED-758). */
  readonly needs?: readonly (readonly CapabilityName[])[];
  /** Present when it does something to a message that was sent before. */
  readonly change?: {
    readonly kind: ContentChange["kind"];
    /** Hex of the message id. */
    readonly target: string;
    /** Of a vote. */
    readonly choices?: readonly number[];
    /** Of an edit: what it makes of a poll. */
    readonly poll?: Poll | undefined;
  };
};

/** Who the people are whom this client adds and meets; owned here, met by the account layer. */
export interface People {
  /**
   * The user's signed client list as it is now, checked against the pinned identity key. Refuses
   * `unknownUser` and `identityInvalid`.
   */
  lookUp(user: UserUri, options?: { readonly fresh?: boolean }): Promise<KnownUser>;
  /**
   * Whether a user may be added as far as is known: of the own server everybody, of others those who
   * have given leave. The user's server has the last word.
   */
  mayAdd(user: UserUri): Promise<boolean>;
  /** This client and those beside it, as their user's newest list has them. */
  readonly self: {
    /** Asks for the newest list, and takes over what it makes of this client. */
    refresh(): Promise<void>;
    /** Of the device-signing key under which this client's leaves are certified now. */
    number(): number;
    /** The same set until there is another list. */
    clients(): ReadonlySet<ClientUri>;
  };
}

/** What the inbox brings that is not of rooms; owned here, met by the account layer. */
export interface AccountEvents {
  /**
   * Takes in an event, in the transaction that moves the inbox's cursor; answers what is to be done
   * after it. Never throws for what an event holds.
   */
  apply(tx: LocalTx, event: AccountEventBody): () => void;
  /** Events were lost. */
  missed(tx: LocalTx): void;
  /** The connection is there: asks for what was missed. */
  catchUp(): Promise<void>;
}

/** Who hears what is said and not kept; owned here, met by the presence layer. Must not throw. */
export interface Ears {
  /**
   * Users came in, of whom no client was there before; by a commit that this client was there for. In the
   * transaction that applies the commit; answers what is to be done after it.
   */
  came(tx: LocalTx, newcomers: Newcomers): () => void;
  overheard(heard: {
    readonly room: RoomUri;
    readonly sender: ClientUri;
    readonly mediaType: string;
    readonly content: Bytes;
  }): void;
  /** A message of somebody else's client was stored. */
  spoke(room: RoomUri, sender: ClientUri): void;
  /** The same, with where it stands. */
  arrived(place: { readonly room: RoomUri; readonly position: number }): void;
}

/** When messages go by themselves; owned here, met by the messages layer. */
export interface Lifetimes {
  /** Whether it is over for certain: then it is never shown. */
  isGone(expiresAt: number | undefined): boolean;
  /** A hub has told a time; the newest counts. */
  told(time: number): void;
  /** A message that goes by itself was stored. */
  noted(): void;
  /** A message is erased: what was kept for it elsewhere in the store goes as well. */
  erased(tx: LocalTx, room: RoomUri, messageId: string): void;
}

export type KnownUser = {
  readonly identityKey: Bytes;
  /** Of the device-signing key that counts. */
  readonly number: number;
  /** The keys with which the user's own server vouches for clients, by id. */
  readonly countersigners: ReadonlyMap<string, Bytes>;
  readonly clients: readonly {
    readonly client: ClientUri;
    readonly signatureKey: Bytes;
    /** Milliseconds since the Unix epoch. */
    readonly expiresAt: number;
  }[];
};

/** Whether another copy of the store may have what this one has; met by the module `copies`. */
export interface Copies {
  shares(room: RoomUri): boolean;
  renews(room: RoomUri, commit: Bytes): void;
  applied(tx: LocalTx, room: RoomUri, commit: Bytes): () => void;
  renewed(tx: LocalTx, room: RoomUri): () => void;
  joined(tx: LocalTx, room: RoomUri, keyPackageRef: Bytes): () => void;
}

/** What the operations on rooms share. */
export type GroupsContext = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "log">;
  /** Its timers end with the groups. */
  readonly alarms: Alarms;
  readonly people: People;
  readonly accountEvents: AccountEvents;
  readonly copies: Copies;
  readonly ears: Ears;
  /** What another client of the user has noted: the key to a room's metadata. */
  readonly metadataKey: (tx: LocalTx, room: RoomUri) => Bytes | undefined;
  readonly store: LocalStore;
  readonly api: Api;
  readonly link: Link;
  /** Why nothing is done any more until the next opening; and whether what is asked for is stored. */
  readonly over: (stored: boolean) => Error | undefined;
  readonly member: MemberContext;
  /** By default what `publish-key-packages.ts` says. */
  readonly keyPackageStock: KeyPackageStock | undefined;
  readonly identity: ClientIdentity;
  readonly self: { readonly user: UserUri; readonly client: ClientUri };
  readonly events: Events<ClientEvents>;
  readonly reader: MessageReader;
  readonly lifetimes: Lifetimes;
};

/** One room as this process holds it. Everything that touches `group` runs in `serial`. */
export type Room = {
  readonly uri: RoomUri;
  readonly serial: Serial;
  group: MemberGroup | undefined;
  /** The epoch in which was noted who is in; `noEpoch` at first. */
  peopleEpoch: number;
  /** Its hash is empty when the entry before is not known, as after a gap. */
  cursor: Cursor;
  /** Present while a pump runs; it looks again when `again` was set meanwhile. */
  pumping: Promise<void> | undefined;
  again: boolean;
  /** Who waits for an intent, by its serial number. */
  readonly waiters: Map<number, Waiter>;
  /** Who waits for this client to have come in from outside. */
  readonly joiners: Joiner[];
  readonly tidying: Alarm;
  readonly retry: Alarm;
  /** How often in a row the own server could not reach the hub. */
  unreached: number;
  /** The chain of entries does not hold together: nothing more is applied. */
  forked: boolean;
  /** The own server takes nothing of the room's hub, nor for it (FED-952), and the user was told so. */
  stopped: boolean;
  /** Why nothing more is applied, though the chain holds. */
  halt: Halt | undefined;
  /** Somebody has deleted it for everybody; as it is stored. */
  ended: boolean;
  /** This client's group cannot follow the stream any more: it comes back by a commit of its own. */
  lost: boolean;
  /**
   * KeyPackages of users whose addition lost a race. Its Welcome never left, so the next attempt
   * uses them again instead of claiming new ones.
   */
  readonly claimed: Map<UserUri, readonly Bytes[]>;
  /** The epoch that the hub was in when it refused something as outdated; 0 at first. */
  epochAtHub: number;
  /** What is remembered of the hub's lives; as it is stored. */
  hub: HubRecord;
  /** The hub has gone back to before what this group holds: what it declared, until it is done. */
  rollback: Rollback | undefined;
  readonly repeating: Alarm;
  /** Why this client does not come back was told; it is told once. */
  warned: boolean;
  /** Intents that are passed over until `postponement` rings, and how often it did. */
  readonly postponed: Set<number>;
  readonly postponement: Alarm;
  postponements: number;
  /** How often whom an intent is to add could not be reached, by its serial. */
  readonly unreachable: Map<number, number>;
  /** The intent whose commit the hub called invalid, and which is tried once more. */
  doubted: number | undefined;
  /** The own server knows nothing of this room, or not that this client is in it. */
  forgotten: boolean;
  /** A Welcome waits for its tree, which could not be had when it was asked for. */
  late: LateWelcome | undefined;
  /** Which messages wait for the user's word was told. */
  heldTold: boolean;
  /** A commit that could not be applied, until it is known what becomes of it. */
  trouble: Trouble | undefined;
  /** What a void has taken back is read once more, and passed over. */
  passing: Passing | undefined;
  /** Behind which position the stream was read again, because an entry was missing there. */
  readAgainFrom: number | undefined;
  /** Up to which position entries were passed over that may hold what was said to this client. */
  unreadTo: number | undefined;
  /** Of the newest commit by which this client is out that it could not apply. */
  outAt: number | undefined;
  /** The last commits that were applied in this run, by position. */
  readonly commits: Map<number, { readonly hash: Bytes; readonly committer: UserUri }>;
  /** Fork tags by epoch, of those that messages still come from. */
  readonly forkTags: Map<number, Bytes>;
  /** The epoch in which something of another continuation of the room came; as it is stored. */
  suspect: number | undefined;
  /** The hub takes no commit of this user until then, in milliseconds since the Unix epoch. */
  suspendedUntil: number | undefined;
  /** Who waits until this client has come back. */
  readonly returning: {
    readonly resolve: () => void;
    readonly reject: (reason: unknown) => void;
  }[];
  /** The room goes on with another group, into which this client is about to come. */
  begun: Begun | undefined;
  /** The group with which this client has the room go on. */
  founded: Founded | undefined;
  /** Says that a commit can be applied. */
  readonly vouching: Alarm;
  /**
   * The epoch that somebody's update is to end, since a void has left it standing or a restored hub has
   * no GroupInfo, and the serial of this client's wish to make it, which waits for its turn.
   */
  renewal: { readonly epoch: number; readonly wish: number | undefined } | undefined;
  /** Makes that update. */
  readonly renewing: Alarm;
  /** The state that was told last. */
  healthTold: string;
  /** Whose floods were told of. */
  readonly contained: Set<string>;
  /** The hub's clock against the own one, and until when it is spared what it does not take. */
  readonly ephemeral: { clockOffsetMs: number; pausedUntil: number };
};

export type LateWelcome = {
  readonly attempts: number;
  /** When it is tried again; monotonic. */
  readonly due: number;
  /** The hub could not be asked; otherwise the own server has no answer. */
  readonly hubAway: boolean;
  /** Entries of the room that came meanwhile are to be read again. */
  passedOver: boolean;
};

/**
 * Leave to go back behind the own epoch: a restore that the room's hub has signed, or a void that its
 * members bear out.
 */
export type Rollback = {
  readonly cause: "restore" | "void";
  /** The positions that the hub has forgotten. */
  readonly from: number;
  readonly to: number;
  readonly head: Head;
};

export type Waiter = {
  readonly resolve: (done: { readonly position: number; readonly acceptedAt: number }) => void;
  readonly reject: (error: unknown) => void;
};
