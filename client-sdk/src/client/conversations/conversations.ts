import {
  type OpenEndedTemplate,
  parseAddress,
  parseRoomLink,
  parseRoomUri,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";

import { SdkError } from "../../errors/index.ts";
import { roomKnown } from "../../groups/index.ts";
import type { LocalStore } from "../../storage/index.ts";
import { createSerial } from "../../transport/index.ts";
import {
  type Conversation,
  type ConversationInfo,
  openConversation,
  type ConversationParts,
} from "../conversation/index.ts";
import type { ConversationFinder, FoundConversation } from "./find-conversations.ts";
import { guarded } from "../guarded.ts";
import { limitOf } from "../pages.ts";
import { listConversations, roomsHere } from "./list-conversations.ts";

/** Who writes and who may come in: `docs/policy.md` of the project has all roles of each. */
export type ConversationKind = OpenEndedTemplate;

export type CreateConversation = {
  /** At most 64 octets; only members can read it. */
  readonly name?: string;
  /** Addresses. */
  readonly members?: readonly string[];
  /** `group` if it is left out: everybody writes. */
  readonly kind?: ConversationKind;
};

export interface ClientConversations {
  /**
   * All that this store knows, oldest first, also those that were left; but none with somebody
   * who is blocked alone.
   */
  list(): Promise<readonly ConversationInfo[]>;
  /**
   * By id or by a unique beginning of it, or by name. Refuses `unknownRoom` where there is none, or it
   * may be one of several: then their ids are `ids` in the data.
   */
  get(reference: string): Promise<Conversation>;
  /**
   * By a name or by who is in, as far as it is typed and with a slip of the finger; the best first, 20
   * by default.
   */
  find(
    typed: string,
    options?: { readonly limit?: number | undefined },
  ): Promise<readonly FoundConversation[]>;
  create(wanted: CreateConversation): Promise<Conversation>;
  /**
   * The conversation between two that nobody else can ever enter: one per pair, so that the same
   * address gives the same conversation again.
   */
  dm(address: string): Promise<Conversation>;
  /**
   * Comes into a conversation by a link, or by the address of an open one; nobody there has to be
   * online. Waits while a server cannot be reached. Refuses `malformed` for what is no whole link, and
   * `linkInvalid` (there is no such link, or it was revoked), `linkExpired`, `linkUsedUp`, `roomFull`,
   * `banned`, and `notMember` where the conversation lets nobody in without a link.
   */
  join(link: string): Promise<Conversation>;
  /**
   * Asks those in a conversation to be let in, by its address. `waiting`: nobody has answered yet. This
   * client looks again from time to time, and at the next call, and is in (`joined`) once it was admitted.
   * Refuses `notMember` where nobody knocks, and `banned`.
   */
  knock(address: string): Promise<"waiting" | "joined">;
  /**
   * Asks no more: those in the conversation see the knock no longer, and to admit it lets nobody in.
   * Refuses `notFound` where this client has not knocked.
   */
  withdrawKnock(address: string): Promise<void>;
  /**
   * How many conversations of its user this client is still on its way into, as its server knows: a
   * new client enters all of them by itself, and tells of each by the event `joined`.
   */
  coming(): Promise<number>;
}

const findLimit = 20;

/** `tellOthers` hears of each that this client has made. */
export function createConversations(
  parts: ConversationParts,
  self: UserUri,
  tellOthers: () => void,
  finder: ConversationFinder,
): ClientConversations {
  const { groups, store } = parts;
  const founded = (): void => {
    finder.changed();
    tellOthers();
  };
  const pairs = createSerial();
  return {
    list: () => guarded(() => listConversations(parts)),
    get: (reference) =>
      guarded(async () => openConversation(parts, await findRoom(store, reference))),
    find: (typed, { limit } = {}) =>
      guarded(async () => finder.find(typed, limitOf(limit, findLimit))),
    create: ({ name = "", members = [], kind = "group" }) =>
      guarded(async () => {
        const users = members.map(parseAddress).filter((user) => user !== self);
        const room = await groups.create({ name, kind: { template: kind }, members: users });
        founded();
        return openConversation(parts, room);
      }),
    dm: (address) =>
      guarded(async () => {
        const peer = parseAddress(address);
        // One after another, so that two calls do not make two of what there is one of.
        const room = await pairs.run(() => groups.direct(peer));
        founded();
        return openConversation(parts, room);
      }),
    knock: (text) => guarded(() => groups.knock(parseRoomLink(text))),
    withdrawKnock: (text) => guarded(() => groups.withdrawKnock(parseRoomLink(text))),
    join: (text) =>
      guarded(async () => {
        const link = parseRoomLink(text);
        await groups.join(link);
        founded();
        return openConversation(parts, link.room);
      }),
    coming: () => guarded(async () => (await groups.coming()).length),
  };
}

async function findRoom(store: LocalStore, reference: string): Promise<RoomUri> {
  const rows = await store.transaction((tx) =>
    roomsHere(tx).flatMap((room) => roomKnown(tx, room) ?? []),
  );
  const exact = rows.filter(({ room }) => room === reference);
  const named = rows.filter(({ name }) => name === reference);
  // Nothing is no beginning.
  const start = idOf(reference);
  const begun = rows.filter(({ room }) => start !== "" && idOf(room).startsWith(start));
  const found = [exact, named, begun].find((matches) => matches.length > 0) ?? [];
  const [only, another] = found;
  if (only === undefined) {
    throw new SdkError("unknownRoom", `there is no conversation "${reference}" in this store`, {
      help: "Look at `conversations.list()`, or `conversations.find()` with what is known of its name.",
    });
  }
  if (another !== undefined) {
    throw new SdkError(
      "unknownRoom",
      `"${reference}" may be one of ${found.length} conversations`,
      {
        help: "Name one by its id: `conversations.list()` has them.",
        data: { ids: found.map(({ room }) => room) },
      },
    );
  }
  return parseRoomUri(only.room);
}

/** The part of a room's URI that tells it apart. */
function idOf(reference: string): string {
  return reference.slice(reference.lastIndexOf("/") + 1);
}
