import {
  formatAddress,
  parseAddress,
  Refusal,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";

import { labelOf, notesOf } from "../../account/index.ts";
import { profileKept } from "../../profiles/index.ts";
import { fold, type Named, QueryFault } from "../../search/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import type { ConversationParts } from "../conversation/index.ts";

type Resolved<T> = { readonly found: readonly T[]; readonly negative: boolean };

/** Who is meant: `me`, an address, the name before its `@`, a label, or what somebody calls themselves. */
export async function peopleNamed(
  { session, store }: ConversationParts,
  names: readonly Named[],
): Promise<readonly Resolved<UserUri>[]> {
  if (names.length === 0) return [];
  return store.transaction((tx) => {
    const known = [session.user, ...tx.contacts.list().map(({ user }) => user)];
    return names.map(({ text, negative, position }) => {
      const exact = text.toLowerCase() === "me" ? session.user : addressed(text);
      if (exact !== undefined) return { found: [exact], negative };
      const wanted = fold(text);
      const found = known.filter((user) =>
        callings(tx, user).some((name) => fold(name) === wanted),
      );
      if (found.length > 0) return { found, negative };
      throw new QueryFault("unknownPerson", `nobody here is called "${text}"`, position);
    });
  });
}

function callings(tx: LocalTx, user: UserUri): readonly string[] {
  const names = [labelOf(tx, user), profileKept(tx, user)?.displayName];
  const [local = ""] = formatAddress(user).split("@");
  return [local, ...names.filter((name) => name !== undefined)];
}

function addressed(text: string): UserUri | undefined {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Which conversations are meant: by id, name, own name, or the address of the other one of a pair. */
export async function roomsNamed(
  { groups, store }: ConversationParts,
  names: readonly Named[],
): Promise<readonly Resolved<RoomUri>[]> {
  if (names.length === 0) return [];
  const direct = names.some(({ text }) => addressed(text) !== undefined)
    ? await groups.directRooms()
    : [];
  return store.transaction((tx) => {
    const known = tx.rooms.list().map((row) => ({
      room: row.room,
      names: [groups.details(row).name, notesOf(tx, row.room).ownName ?? ""].map(fold),
      id: row.room.slice(row.room.lastIndexOf("/") + 1),
    }));
    return names.map(({ text, negative, position }) => {
      const peer = addressed(text);
      const wanted = fold(text);
      const id = text.slice(text.lastIndexOf("/") + 1);
      const pairs = direct.filter((one) => one.peer === peer).map(({ room }) => room);
      const named = known.filter((one) => one.names.includes(wanted)).map(({ room }) => room);
      const begun = known.filter((one) => one.id.startsWith(id)).map(({ room }) => room);
      const found = [pairs, named, begun].find(({ length }) => length > 0);
      if (found !== undefined) return { found, negative };
      throw new QueryFault("unknownConversation", `no conversation here is "${text}"`, position);
    });
  });
}
