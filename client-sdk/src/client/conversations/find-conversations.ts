import { formatAddress, type RoomUri } from "@treehouse/protocol";

import { labelOf, notesOf } from "../../account/index.ts";
import type { ClientEvents, Events } from "../../events/index.ts";
import { isHidden, peopleNoted, writePeople } from "../../groups/index.ts";
import { profileKept } from "../../profiles/index.ts";
import { likeness } from "../../search/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { ConversationParts } from "../conversation/index.ts";

/** A conversation that fits what was typed. */
export type FoundConversation = {
  readonly id: RoomUri;
  /** The user's own name for it, or its name, or with a pair whom it is with. */
  readonly name: string;
  /** What fits: the name, or somebody who is in. */
  readonly by: "name" | "member";
  readonly matched: string;
};

type Known = {
  readonly id: RoomUri;
  readonly name: string;
  readonly names: readonly string[];
  readonly members: readonly string[];
};

export interface ConversationFinder {
  /** Something is called otherwise, or there is another conversation, by what was done here. */
  changed(): void;
  find(typed: string, limit: number): Promise<readonly FoundConversation[]>;
}

/** What changes names, or who is where. */
const changing = ["joined", "named", "membership", "removed", "accountData", "profile"] as const;

/** Who is only in a conversation comes behind what it is called. */
const memberWeight = 0.9;

export function createConversationFinder(
  parts: ConversationParts,
  events: Events<ClientEvents>,
): ConversationFinder {
  const { groups, session, store } = parts;
  let known: readonly Known[] | undefined;
  const forget = (): void => {
    known = undefined;
  };
  for (const name of changing) events.on(name, forget);
  /** Rooms of a store from before people were noted: each is loaded this once. */
  const notePeople = async (): Promise<void> => {
    const missing = await store.transaction((tx) =>
      tx.rooms
        .list()
        .filter(({ room, status }) => status === "joined" && peopleNoted(tx, room) === undefined)
        .map(({ room }) => room),
    );
    for (const room of missing) {
      const { members } = await groups.info(room);
      await store.transaction((tx) =>
        writePeople(
          tx,
          room,
          members.map(({ user }) => user),
        ),
      );
    }
  };
  const callings = new Map<string, readonly string[]>();
  const load = (tx: LocalTx): readonly Known[] => {
    callings.clear();
    return tx.rooms
      .list()
      .filter(({ room }) => !isHidden(tx, room))
      .map((row) => {
        const { room: id, template } = row;
        const others = (peopleNoted(tx, id) ?? []).filter((user) => user !== session.user);
        const members = others.flatMap((user) => {
          const called = callings.get(user) ?? [
            ...[labelOf(tx, user), profileKept(tx, user)?.displayName].filter(
              (one) => one !== undefined,
            ),
            formatAddress(user),
          ];
          callings.set(user, called);
          return called;
        });
        const own = notesOf(tx, id).ownName;
        const names = [own, groups.details(row).name].filter(
          (name) => name !== undefined && name !== "",
        );
        const pair = template === "direct" ? members : [];
        const name = names[0] ?? pair[0] ?? "";
        return { id, name, names: [...names.filter((one) => one !== undefined), ...pair], members };
      });
  };
  return {
    changed: forget,
    async find(typed, limit) {
      if (known === undefined) {
        await notePeople();
        known = await store.transaction(load);
      }
      return known
        .flatMap((one) => {
          const named = bestOf(one.names, typed);
          const member = bestOf(one.members, typed);
          const byMember = member.fits * memberWeight > named.fits;
          const fits = byMember ? member.fits * memberWeight : named.fits;
          if (fits === 0) return [];
          const by = byMember ? ("member" as const) : ("name" as const);
          const { matched } = byMember ? member : named;
          return [{ fits, found: { id: one.id, name: one.name, by, matched } }];
        })
        .toSorted((a, b) => b.fits - a.fits || (a.found.id < b.found.id ? -1 : 1))
        .slice(0, limit)
        .map(({ found }) => found);
    },
  };
}

function bestOf(names: readonly string[], typed: string) {
  let best = { matched: "", fits: 0 };
  for (const matched of names) {
    const fits = likeness(matched, typed);
    if (fits > best.fits) best = { matched, fits };
  }
  return best;
}
