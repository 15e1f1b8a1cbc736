import { Refusal, type RoomUri } from "@treehouse/protocol";

import {
  foldersOf,
  notesOf,
  pinsOf,
  type PlaceChange,
  type Placed,
  placeOf,
  writePlace,
} from "../../account/index.ts";
import type { LocalTx, Unread } from "../../storage/index.ts";
import { checkText } from "./own-text.ts";

/** Where the user has put a conversation; nobody else sees it, and all of the user's clients do. */
export type Organisation = {
  /** Its place among the pinned ones, from 0 on; undefined: it is not pinned. */
  readonly pinned: number | undefined;
  /** Out of the way, until somebody else says something there, unless it was to stay or is muted. */
  readonly archived: boolean;
  /** Until when, in milliseconds since the Unix epoch; undefined: not muted now. */
  readonly muted: number | "always" | undefined;
  /** Marked as unread, until it is read. */
  readonly marked: boolean;
  readonly labels: readonly string[];
  /** Ids of folders. */
  readonly folders: readonly string[];
};

/** What is to be otherwise; what is not named stays. */
export type OrganiseWish = {
  /** At the end of the pinned ones, or before one of them, by its id. */
  readonly pinned?: boolean | { readonly before: string };
  /** `keep`: whatever comes. */
  readonly archived?: boolean | "keep";
  readonly muted?: boolean | { readonly until: number };
  readonly marked?: boolean;
  readonly addLabels?: readonly string[];
  readonly removeLabels?: readonly string[];
  /** Folders by id or name. */
  readonly addFolders?: readonly string[];
  readonly removeFolders?: readonly string[];
};

const labelsMax = 20;

export function organisationOf(tx: LocalTx, room: RoomUri, now: number): Organisation {
  const { archived, muted, level: _, ...placed } = placeOf(tx, room);
  const mutedNow = muted === "always" || (muted ?? 0) > now ? muted : undefined;
  return { ...placed, muted: mutedNow, archived: isArchived(tx, room, archived, mutedNow) };
}

/** Nothing is written when it comes back: all clients see the same from the same messages. */
function isArchived(
  tx: LocalTx,
  room: RoomUri,
  archived: Placed["archived"],
  muted: Organisation["muted"],
): boolean {
  if (archived === undefined) return false;
  if (archived.keep || muted !== undefined) return true;
  return tx.unread.count(room, archived.position).messages === 0;
}

export function organise(
  tx: LocalTx,
  room: RoomUri,
  {
    wish,
    position,
    at,
  }: { readonly wish: OrganiseWish; readonly position: number; readonly at: number },
): void {
  const { pinned, archived, muted, marked } = wish;
  const labels = chosen(wish.addLabels?.map(checkedLabel), wish.removeLabels);
  const folders = chosen(
    wish.addFolders?.map((one) => folderNamed(tx, one)),
    wish.removeFolders?.map((one) => folderNamed(tx, one)),
  );
  const after = new Set([...placeOf(tx, room).labels, ...labels.keys()]);
  if ([...after].filter((label) => labels.get(label) !== null).length > labelsMax) {
    throw limitExceeded("labelsMax", labelsMax, `a conversation has at most ${labelsMax} labels`);
  }
  const change: PlaceChange = {
    ...(pinned === undefined
      ? {}
      : { pin: pinned === false ? null : rankFor(tx, room, pinned, at) }),
    ...(archived === undefined
      ? {}
      : { archive: archived === false ? null : { position, keep: archived === "keep" } }),
    ...(muted === undefined ? {} : { mute: muteOf(muted) }),
    ...(marked === undefined ? {} : { marked: marked ? true : null }),
    labels,
    folders,
  };
  writePlace(tx, room, { change, at });
}

/** By id, or by a name that only one has. Refuses `notFound`. */
export function folderNamed(tx: LocalTx, reference: string): string {
  const folders = foldersOf(tx);
  const exact = folders.filter(({ id }) => id === reference);
  const named = folders.filter(({ name }) => name === reference);
  const [only, another] = exact.length > 0 ? exact : named;
  if (only !== undefined && another === undefined) return only.id;
  const text = only === undefined ? "there is no folder" : "more than one folder is called";
  throw new Refusal("notFound", `${text} "${reference}"`);
}

/** What counts in some conversations: messages where they are not muted, and mentions everywhere. */
export function unreadIn(tx: LocalTx, rooms: readonly RoomUri[], now: number): Unread {
  let [messages, mentions] = [0, 0];
  for (const room of rooms) {
    const unread = tx.unread.count(room, notesOf(tx, room).readPosition);
    mentions += unread.mentions;
    messages +=
      organisationOf(tx, room, now).muted === undefined ? unread.messages : unread.mentions;
  }
  return { messages, mentions };
}

export function limitExceeded(limitName: string, limit: number, text: string): Refusal {
  return new Refusal("limitExceeded", text, { limitName, limit });
}

function muteOf(muted: boolean | { readonly until: number }): number | "always" | null {
  if (muted === false) return null;
  return muted === true ? "always" : muted.until;
}

function chosen(
  added: readonly string[] = [],
  removed: readonly string[] = [],
): ReadonlyMap<string, true | null> {
  return new Map([
    ...added.map((one) => [one, true] as const),
    ...removed.map((one) => [one, null] as const),
  ]);
}

function checkedLabel(label: string): string {
  checkText(label);
  if (label.trim() !== "") return label;
  throw new Refusal("malformed", "a label is not empty");
}

/** A number between those of its neighbours; where there is none left, all are numbered anew. */
function rankFor(
  tx: LocalTx,
  room: RoomUri,
  wanted: true | { readonly before: string },
  at: number,
): number {
  const others = pinsOf(tx).filter((one) => one.room !== room);
  if (wanted === true) return (others.at(-1)?.rank ?? 0) + 1;
  const index = others.findIndex((one) => one.room === wanted.before);
  const next = others[index];
  if (next === undefined) throw new Refusal("notFound", "the other conversation is not pinned");
  const low = others[index - 1]?.rank ?? next.rank - 1;
  const rank = (low + next.rank) / 2;
  if (low < rank && rank < next.rank) return rank;
  for (const [place, one] of others.entries()) {
    writePlace(tx, one.room, { change: { pin: place + 1 }, at });
  }
  return index + 0.5;
}
