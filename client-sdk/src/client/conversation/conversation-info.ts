import type { RoomUri } from "@treehouse/protocol";

import type { RoomHealth } from "../../events/index.ts";
import type { AuditHead } from "../../groups/index.ts";
import type { Unread } from "../../storage/index.ts";
import type { Organisation } from "../account/index.ts";

export type Member = {
  readonly address: string;
  readonly role: string;
  /** What they call themselves, as far as this client was told. Anybody can call themselves anything. */
  readonly displayName: string | undefined;
  /** The ids of the clients with which they are in. */
  readonly clients: readonly string[];
};

/** A conversation at a glance; a value, taken when it was asked for. */
export type ConversationInfo = {
  readonly id: RoomUri;
  readonly name: string;
  readonly description: string;
  /** What is talked about now. */
  readonly topic: string;
  /** Whether it has one: `conversation.picture()` fetches it. */
  readonly picture: boolean;
  /** What this user calls it; nobody else sees it. */
  readonly ownName: string | undefined;
  /** Everything up to this position has been read, on whichever client; 0 at first. */
  readonly readPosition: number;
  /** Of others, behind that position. */
  readonly unread: Unread;
  readonly organisation: Organisation;
  readonly template: string;
  /** The domain of the server that orders it. */
  readonly server: string;
  /** `founding`, `joined`, `left`, `removed`, or `deleted` by somebody for all. */
  readonly status: string;
  /** How it is doing on this client, and why it stands still if it does: see the event `halted`. */
  readonly health: RoomHealth;
  readonly halted?: "paused" | "refused" | undefined;
  /** By whom and when it was deleted for all; `by` is absent where nobody can tell any more. */
  readonly deleted: { readonly by: string | undefined; readonly at: number } | undefined;
  /** Where the record of what was done here stands: equal for all who have the same. */
  readonly audit: AuditHead;
  readonly epoch: number;
  readonly position: number;
  readonly epochAuthenticator: string;
  readonly members: readonly Member[];
  /**
   * Addresses of members who came in while this client was away, on the word of nobody whom it knew: see
   * `acceptMembers`.
   */
  readonly unvouched: readonly string[];
};
