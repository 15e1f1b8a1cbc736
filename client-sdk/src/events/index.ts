/** What a client tells its program. */
import type { ClientUri, ContactState, GapReason, RoomUri, UserUri } from "@treehouse/protocol";

import type { ActShown } from "./act-shown.ts";

export type { ActShown } from "./act-shown.ts";

import type { FaultCode } from "./fault-code.ts";
import type { RoomHealth } from "./room-health.ts";

export type { FaultCode } from "./fault-code.ts";
export type { RoomHealth } from "./room-health.ts";

/** Where the connection to the own server stands. */
export type ConnectionState =
  | { readonly state: "offline" | "connecting" | "live" }
  | { readonly state: "catchingUp"; readonly remaining: number };

/** What a client tells its program, by name. Every value can be cloned. */
export type ClientEvents = {
  state: ConnectionState;
  /**
   * Entries of a stream will never come. `missed`: this client could not read them, and came back
   * behind them. `restored`: a server went back to a backup from before them.
   */
  gap: {
    readonly stream: string;
    readonly from: number;
    readonly to: number;
    readonly reason: GapReason | "missed";
  };
  /**
   * The own server was put back from a backup. Everything is compared with it anew; what the server
   * answers to questions may be older than what it answered before.
   */
  restored: Readonly<Record<string, never>>;
  /**
   * Messages of this client that the server had accepted and then forgot. `sentAgain`: they are on
   * their way once more, under the same ids, so that whoever has one takes it for known. Otherwise
   * somebody is back in the conversation who had been removed, and what was on its way is named as
   * well: look first, then send them again. That is told at each opening for what still waits.
   */
  lostByServer: {
    readonly room: RoomUri;
    readonly messages: readonly string[];
    readonly sentAgain: boolean;
  };
  /** Something cannot be read or is not right; the text says what happens next. */
  fault: {
    readonly room: RoomUri | undefined;
    readonly position: number;
    readonly code: FaultCode;
    readonly text: string;
  };
  /**
   * The counters that a client signs with its messages do not follow each other (T-13, T-14). `gap`:
   * messages `from` to `to` of it never came. `reordered`: one of them came after later ones. `repeated`:
   * this place was taken already, so the message was discarded. `forked`: it follows another message
   * than the one that came before it.
   */
  senderOrder: {
    readonly room: RoomUri;
    readonly position: number;
    readonly client: ClientUri;
    readonly address: string;
    readonly kind: "gap" | "reordered" | "repeated" | "forked";
    readonly from: number;
    readonly to: number;
  };
  /** How a conversation is doing on this client has changed: see `ConversationInfo.health`. */
  health: RoomHealth & { readonly room: RoomUri };
  /** This client became a member of a conversation. */
  joined: { readonly room: RoomUri };
  /** The name of a conversation that this client came into by itself is known now. */
  named: { readonly room: RoomUri; readonly name: string };
  /** Another server orders a conversation now: the one that a member has handed it over to. */
  moved: { readonly room: RoomUri; readonly server: string };
  /**
   * A conversation goes on with a new group and new keys, because its owners said so, and this client is in
   * it. `hubGone`: the server that ordered it was gone for good, and `server` does since. The history stays;
   * what was said before this client came along, in the new group, it has not.
   */
  reset: {
    readonly room: RoomUri;
    readonly generation: number;
    readonly reason: "reset" | "hubGone";
    /** Addresses of the owners who have agreed. */
    readonly by: readonly string[];
    readonly server: string;
  };
  /** This client is no longer a member; its keys for the conversation are deleted. */
  removed: { readonly room: RoomUri };
  /**
   * Somebody has deleted a conversation for everybody. Its keys are gone; what was said stays in this
   * store until `conversation.forget()`.
   */
  deleted: {
    readonly room: RoomUri;
    readonly by: UserUri;
    readonly address: string;
    readonly reason: string;
  };
  /**
   * Somebody did something to a conversation or to those in it: the newest of its record. `number` is 0
   * where this client does not know yet how many there were before.
   */
  acted: {
    readonly room: RoomUri;
    readonly number: number;
    readonly by: UserUri;
    readonly address: string;
    readonly acts: readonly ActShown[];
    readonly reason: string;
  };
  /** Somebody changed what a conversation says of itself: the fields, as they are now. */
  about: {
    readonly room: RoomUri;
    readonly by: UserUri;
    readonly address: string;
    readonly changed: {
      readonly name?: string | undefined;
      readonly description?: string | undefined;
      readonly topic?: string | undefined;
      /** Whether there is one now. */
      readonly picture?: boolean | undefined;
    };
  };
  membership: {
    readonly room: RoomUri;
    readonly epoch: number;
    /** Absent where this client was away, and cannot tell. */
    readonly by?: UserUri | undefined;
    /** Each once, with however many clients. */
    readonly added: readonly UserUri[];
    readonly removed: readonly UserUri[];
    /** Who came in with another identity key than before. */
    readonly changedKeys: readonly UserUri[];
    /** How those who were added came: by whom it names, by themselves, or while this client was away. */
    readonly way: "member" | "link" | "open" | "unseen";
  };
  /**
   * A conversation stands still on this client. `paused`: its rules are of a version that this program
   * does not know; a newer one goes on with it. `refused`: the server took a change that the rules
   * forbid, and this client does not.
   */
  halted: {
    readonly room: RoomUri;
    readonly state: "paused" | "refused";
    readonly position: number;
    readonly reason: string;
  };
  /**
   * A commit changed the rules of a conversation. `roles`: who has another one, with its name. `rules`:
   * what a role may, bounds, or the ban of somebody who is not in.
   */
  policy: {
    readonly room: RoomUri;
    readonly by: UserUri;
    readonly roles: readonly { readonly user: UserUri; readonly role: string }[];
    readonly banned: readonly UserUri[];
    readonly silenced: readonly UserUri[];
    readonly unsilenced: readonly UserUri[];
    readonly rules: boolean;
  };
  /**
   * Somebody asks to be let in; told to whoever may answer: `conversation.knocks`, which says what
   * `identity` means.
   */
  knock: {
    readonly room: RoomUri;
    readonly user: UserUri;
    readonly address: string;
    readonly identity: "unknown" | "known" | "verified" | "changed";
  };
  /**
   * A server was caught at something about somebody's keys, or somebody has new ones. `keyChanged`:
   * another identity key than the pinned one. `listRolledBack`: an older client list than before.
   * `listForked`: another list in the place of one that was shown before. `listInvalid`: a list that
   * the user has not signed. `clientUnlisted`: a client to be added that the user's list does not
   * bear out. `bundleDamaged`: the own server's recovery bundle does not open with the password.
   * `accountReset`: somebody got the account back by e-mail, without its keys; told once.
   */
  identityAlarm: {
    readonly user: UserUri;
    readonly address: string;
    readonly kind:
      | "keyChanged"
      | "listRolledBack"
      | "listForked"
      | "listInvalid"
      | "clientUnlisted"
      | "bundleDamaged"
      | "accountReset";
    readonly text: string;
    /**
     * With `listForked`: the client list that was seen before and the one that was shown now, as
     * base64url of the signed octets. Whoever holds both can prove it.
     */
    readonly evidence?: readonly [string, string];
  };
  /**
   * The user's own list of clients is another one: a client was added, or one revoked, by whichever
   * client. Look at once when it was not you.
   */
  clientsChanged: {
    readonly version: number;
    readonly added: readonly ClientUri[];
    readonly removed: readonly ClientUri[];
  };
  /** Where one stands with somebody is different now: they asked, agreed, or went; or oneself did. */
  contact: {
    readonly user: UserUri;
    readonly address: string;
    readonly state: ContactState;
    /** What they wrote beside a request that is open. */
    readonly note?: string;
    /** The rooms that it is about; absent where it is about any. */
    readonly rooms?: readonly RoomUri[];
  };
  /**
   * Of what the user's clients keep for each other. `merged`: another client has chosen something. The
   * rest is what only a server that was set back, or lies, can cause: it holds an older version than
   * before, another one in its place, or one that no client has sealed. What this client has is
   * written anew then.
   */
  accountData: {
    readonly record: string;
    readonly change: "merged" | "rolledBack" | "forked" | "damaged";
  };
  /**
   * History came in, from the backup, another client of the user or a member of a conversation that
   * grants it to those who join, or the backup was written.
   * `coming`: so many segments of so many are here. `complete`: all are. `given`: another client has all
   * that it asked this one for. `saved`: the backup was written. `missing`, `damaged`: what the user's
   * clients have noted is not what the server has; it was set back, has lost it, or lies. Nothing of it
   * is used, and it is written anew from what this client has.
   */
  history: {
    readonly from: "backup" | "client" | "member";
    readonly state: "coming" | "complete" | "given" | "saved" | "missing" | "damaged";
    readonly done: number;
    readonly total: number;
  };
  /** A message was edited or taken back, or somebody said something to it or took that back. */
  changed: {
    readonly room: RoomUri;
    readonly messageId: string;
    readonly change:
      | "edit"
      | "deletion"
      | "unlike"
      | "reaction"
      | "pin"
      | "unpin"
      | "vote"
      | "pollEnd";
  };
  /** Messages whose time was over are erased, with everything that was said to them. */
  expired: { readonly room: RoomUri; readonly messages: readonly string[] };
  /**
   * Somebody does more to a message, or pins more, than this client keeps: the rest changes nothing. Told
   * once for each user and kind in a run of the client.
   */
  contained: {
    readonly room: RoomUri;
    readonly user: UserUri;
    readonly address: string;
    readonly what: string;
  };
  /** What was said up to a position has reached a client of somebody. */
  delivered: { readonly room: RoomUri; readonly user: UserUri; readonly position: number };
  /**
   * A message of somebody else that the user is to be told of, by their rules: `alert` with a sound,
   * `silent` without. What was read elsewhere meanwhile is not among them.
   */
  notification: {
    readonly room: RoomUri;
    readonly position: number;
    readonly messageId: string;
    readonly address: string;
    readonly level: "silent" | "alert";
    readonly reason: string;
    /** The beginning of it. */
    readonly text: string;
  };
  /** Somebody has read a conversation up to a position. */
  read: { readonly room: RoomUri; readonly user: UserUri; readonly position: number };
  /** Somebody says something else of themselves than before. */
  profile: { readonly user: UserUri; readonly address: string };
  /**
   * Somebody resets this very account by e-mail. Until then any client can stop it with
   * `account.cancelReset()`; afterwards all clients of now are logged out for good.
   */
  resetWaiting: { readonly until: number };
  /** A contact is there in another way than before; told to clients that were told of it. */
  presence: {
    readonly address: string;
    readonly state: "online" | "idle" | "dnd" | "offline";
    readonly activity?: string;
    readonly until?: number;
  };
  /** Somebody in a conversation begins to write, or writes no more. */
  typing: { readonly room: RoomUri; readonly address: string; readonly on: boolean };
  /**
   * The server ended the session: log in again. With `otherServer`, its domain, it is not the account's
   * server at all: set the address.
   */
  loginRequired: { readonly reason: string; readonly otherServer?: string };
  /** New rows wait in the local store. */
  stored: { readonly room: RoomUri };
};

export { createEvents, type Events } from "./emitter.ts";
