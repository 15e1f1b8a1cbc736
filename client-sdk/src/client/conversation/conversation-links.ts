import {
  equalBytes,
  formatAddress,
  formatRoomLink,
  parseAddress,
  Refusal,
  type RoomUri,
  toBase64Url,
} from "@treehouse/protocol";

import type { KnownJoinLink } from "../../groups/index.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

/** A link by which others come into a conversation; a value, taken when it was asked for. */
export type JoinLinkInfo = {
  /** Tells it apart: it is no secret, and no use to anybody. */
  readonly id: string;
  /** Whoever has it may come in. Only the client that made the link has it. */
  readonly link: string | undefined;
  /** What whoever comes by it is. */
  readonly role: string;
  /** The address of who made it. */
  readonly createdBy: string;
  /** In milliseconds since 1970; undefined: it does not expire. */
  readonly expiresAt: number | undefined;
  /** How many users it lets in; undefined: any number. */
  readonly usesMax: number | undefined;
  /** How many it has let in so far, on whichever server; undefined while the hub cannot be asked. */
  readonly uses: number | undefined;
};

/** Somebody who asks to be let in; a value, taken when it was asked for. */
export type KnockInfo = {
  readonly address: string;
  /** In milliseconds since 1970. */
  readonly at: number;
  /**
   * What is known of the identity key under which they ask. `unknown`: nothing, admitting asks their
   * server. `known`: the one that they had before; `verified`: and it was compared with them. `changed`:
   * another one than before.
   */
  readonly identity: "unknown" | "known" | "verified" | "changed";
};

export type NewLink = {
  /** The name of a role; by default the one that everybody has who comes in. */
  readonly role?: string;
  /** How long it lets people in, in milliseconds; seven days by default, `null`: for good. */
  readonly lastsMs?: number | null;
  readonly uses?: number;
};

interface ConversationLinks {
  readonly links: {
    /**
     * Makes a link by which people come in while nobody here is online. Refuses `notAllowed` unless the
     * own role may make links for that role, and `limitExceeded` beyond 32 links.
     */
    create(wanted?: NewLink): Promise<JoinLinkInfo & { readonly link: string }>;
    /** Those that are not over, of whomever. */
    list(): Promise<readonly JoinLinkInfo[]>;
    /** By id or a unique beginning of it; from then on it lets nobody in. Refuses `notFound`. */
    revoke(id: string): Promise<void>;
    /** Where the conversation is and what it is called: for open ones, and to knock. It lets nobody in. */
    address(): Promise<string>;
  };
}

interface ConversationKnocks {
  readonly knocks: {
    /** Who asks to be let in, and when they did. Refuses `notAllowed` unless the own role may answer. */
    list(): Promise<readonly KnockInfo[]>;
    /**
     * Lets somebody in who has knocked, and nobody else by that: their client comes in by itself within
     * the next seven days. Refuses `notFound`, `notAllowed`, and `identityInvalid` for a key that is not
     * the one of their own server, or another one than before which you have not accepted yet.
     */
    admit(address: string): Promise<void>;
    /** Shows their knock no more, on this client; they are not told. */
    decline(address: string): Promise<void>;
  };
}

function createConversationKnocks(
  { groups }: ConversationParts,
  room: RoomUri,
): ConversationKnocks {
  return {
    knocks: {
      list: () =>
        guarded(async () =>
          (await groups.knocks(room)).map(({ user, at, identity }) => ({
            address: formatAddress(user),
            at,
            identity,
          })),
        ),
      admit: (address) => guarded(() => groups.admit(room, parseAddress(address))),
      decline: (address) => guarded(() => groups.decline(room, parseAddress(address))),
    },
  };
}

/** How people come into a conversation without being added. */
export interface ConversationJoining extends ConversationLinks, ConversationKnocks {}

export function createConversationJoining(
  parts: ConversationParts,
  room: RoomUri,
): ConversationJoining {
  return { ...createConversationLinks(parts, room), ...createConversationKnocks(parts, room) };
}

const lastsDefaultMs = 7 * 24 * 60 * 60 * 1000;

function createConversationLinks(
  { chosen, groups }: ConversationParts,
  room: RoomUri,
): ConversationLinks {
  const create = async ({ role, lastsMs = lastsDefaultMs, uses }: NewLink) => {
    if (lastsMs !== null && !(lastsMs > 0)) {
      throw new Refusal("malformed", "a link lasts some time");
    }
    const expiresAt = lastsMs === null ? undefined : chosen.now() + lastsMs;
    if (uses !== undefined && !(Number.isInteger(uses) && uses > 0 && uses < 2 ** 32)) {
      throw new Refusal("malformed", "a link is used a whole number of times");
    }
    const made = await groups.createLink(room, { role, expiresAt, usesMax: uses });
    if (made.link === undefined) throw new Error("a link that was made here without its seed");
    return { ...infoOf(made), uses: 0, link: formatRoomLink(made.link) };
  };
  const list = async () => {
    const uses = await groups.linkUses(room);
    return (await groups.links(room)).map((link) => ({
      ...infoOf(link),
      uses: uses?.find(({ key }) => equalBytes(key, link.key))?.uses,
    }));
  };
  const revoke = async (id: string): Promise<void> => {
    const found = (await groups.links(room)).filter((link) => infoOf(link).id.startsWith(id));
    const [only, another] = found;
    if (id === "" || only === undefined || another !== undefined) {
      const how = another === undefined ? "no" : "more than one";
      throw new Refusal("notFound", `the conversation has ${how} link whose id begins so`);
    }
    await groups.revokeLink(room, only.key);
  };
  return {
    links: {
      create: (wanted = {}) => guarded(() => create(wanted)),
      list: () => guarded(list),
      revoke: (id) => guarded(() => revoke(id)),
      address: () => guarded(async () => formatRoomLink(await groups.addressOf(room))),
    },
  };
}

function infoOf({
  key,
  link,
  roleName,
  createdBy,
  expiresAt,
  usesMax,
}: KnownJoinLink): JoinLinkInfo {
  return {
    id: toBase64Url(key),
    link: link && formatRoomLink(link),
    role: roleName,
    createdBy: formatAddress(createdBy),
    expiresAt,
    usesMax,
    uses: undefined,
  };
}
