import {
  type PackKind,
  type PackLink,
  parsePackLink,
  Refusal,
  STICKER_LIMITS,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import { STICKERS_RECORD } from "../account/index.ts";
import type { DataEntries, DataEntry, LocalTx } from "../storage/index.ts";

/** A pack that the user has, as all of the user's clients know it. */
export type OwnPack = {
  /** Of its octets: the same pack is the same id, from wherever it came. */
  readonly id: string;
  readonly title: string;
  readonly kind: PackKind;
  /** Stickers in it. */
  readonly count: number;
  readonly link: PackLink;
  readonly addedAt: number;
};

/** A sticker that was used: hex of its hash, and the pack that it is from. */
export type RecentSticker = { readonly pack: string; readonly sticker: string };

const packSchema = z.object({
  title: z.string(),
  kind: z.enum(["stickers", "emoji"]),
  count: z.int().positive(),
  link: z.string(),
});
const recentSchema = z.object({ pack: z.string(), sticker: z.string() });

const packKey = (id: string) => `pack ${id}`;
const recentKey = (slot: number) => `recent ${slot}`;
/** So long it is known that a pack was removed; a client that comes back later may bring it again. */
const removedKeptMs = 90 * 24 * 3600 * 1000;

/** In the order in which they were added. */
export function ownPacks(tx: LocalTx): readonly OwnPack[] {
  const { entries } = tx.accountData.get(STICKERS_RECORD);
  return Object.entries(entries)
    .flatMap(([key, entry]) => {
      const { success, data } = packSchema.safeParse(entry.value);
      if (!success || !key.startsWith("pack ")) return [];
      const link = linkIn(data.link);
      if (link === undefined) return [];
      return [{ ...data, link, id: key.slice(5), addedAt: entry.at }];
    })
    .toSorted((one, other) => one.addedAt - other.addedAt || (one.id < other.id ? -1 : 1));
}

/** Refuses `limitExceeded` when there are as many as a user may have. */
export function writeOwnPack(
  tx: LocalTx,
  pack: Omit<OwnPack, "link" | "addedAt"> & { readonly link: string },
  at: number,
): void {
  const { id, ...value } = pack;
  const packs = ownPacks(tx);
  const { packsPerUserMax: limit } = STICKER_LIMITS;
  if (packs.length >= limit && packs.every((one) => one.id !== id)) {
    const limitName = "packsPerUserMax";
    throw new Refusal("limitExceeded", `you have ${limit} packs`, { limitName, limit });
  }
  const before = tx.accountData.get(STICKERS_RECORD).entries[packKey(id)];
  // Written anew it keeps its place, unless it was removed in between.
  const isThere = before !== undefined && before.value !== null;
  write(tx, packKey(id), { value, at: isThere ? before.at + 1 : at }, at);
}

export function removeOwnPack(tx: LocalTx, id: string, at: number): void {
  write(tx, packKey(id), { value: null, at }, at);
}

/** The last that was used first. */
export function recentStickers(tx: LocalTx): readonly RecentSticker[] {
  const seen = new Set<string>();
  return slotsOf(tx.accountData.get(STICKERS_RECORD).entries)
    .toSorted((one, other) => other.at - one.at)
    .flatMap(({ used }) => {
      if (used === undefined || seen.has(used.sticker)) return [];
      seen.add(used.sticker);
      return [used];
    });
}

/** Takes the place of the same sticker, or of the one that was used longest ago. */
export function noteUsed(tx: LocalTx, used: RecentSticker, at: number): void {
  const slots = slotsOf(tx.accountData.get(STICKERS_RECORD).entries);
  const same = slots.find((one) => one.used?.sticker === used.sticker);
  const oldest = slots.toSorted((one, other) => one.at - other.at)[0];
  const { slot } = same ?? oldest ?? { slot: 0 };
  write(tx, recentKey(slot), { value: { ...used }, at }, at);
}

type Slot = {
  readonly slot: number;
  readonly at: number;
  readonly used: RecentSticker | undefined;
};

/** A fixed number of places: what clients use at the same time is merged, and never grows. */
function slotsOf(entries: DataEntries): readonly Slot[] {
  return Array.from({ length: STICKER_LIMITS.recentStickersMax }, (_, slot) => {
    const entry = entries[recentKey(slot)];
    return { slot, at: entry?.at ?? 0, used: recentSchema.safeParse(entry?.value).data };
  });
}

function write(tx: LocalTx, key: string, entry: DataEntry, now: number): void {
  const row = tx.accountData.get(STICKERS_RECORD);
  const entries = Object.fromEntries(
    Object.entries({ ...row.entries, [key]: entry }).filter(
      ([, { value, at }]) => value !== null || at > now - removedKeptMs,
    ),
  );
  const gone = Object.entries(entries)
    .filter(([name, { value }]) => value === null && name !== key)
    .toSorted(([, one], [, other]) => one.at - other.at);
  for (const [name] of gone) {
    if (octetsOf(entries) <= recordBytesMax) break;
    Reflect.deleteProperty(entries, name);
  }
  if (entry.value !== null && octetsOf(entries) > recordBytesMax) {
    const [limitName, limit] = ["accountDataBytesMax", recordBytesMax] as const;
    throw new Refusal("limitExceeded", "there is no room for more packs", { limitName, limit });
  }
  tx.accountData.put({ ...row, changed: true, entries });
}

/** What the record may take here: the rest is for what another client adds at the same time. */
const recordBytesMax = 28 * 1024;

function octetsOf(entries: DataEntries): number {
  return utf8Encode(JSON.stringify(entries)).length;
}

function linkIn(text: string): PackLink | undefined {
  try {
    return parsePackLink(text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
