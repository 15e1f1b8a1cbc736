import { timingSafeEqual } from "node:crypto";
import { Refusal } from "@treehouse/protocol";
import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx } from "../platform/index.ts";
import { sha256 } from "../platform/index.ts";
import type { AssetsContext } from "./context.ts";
import type { CopyGrant, StoredAsset } from "./store.ts";

/** What somebody brings to get at an asset. */
export type Access =
  | { readonly kind: "room"; readonly room: RoomUri }
  | { readonly kind: "bearer"; readonly secret: Bytes }
  /** Nothing but being its owner. */
  | { readonly kind: "own" };

/**
 * FED-1010: the asset, if this user or server may have it. Refuses `notMember` to whoever is not in
 * the room, and otherwise `notFound`, so that nobody learns what there is.
 */
export async function authorize(
  { env, store, rooms }: Pick<AssetsContext, "env" | "store" | "rooms">,
  tx: ReadTx,
  who: Acquaintance,
  { asset, access }: { readonly asset: StoredAsset["asset"]; readonly access: Access },
): Promise<StoredAsset> {
  const stored = await store.asset(tx, asset);
  if (stored === undefined) throw unknown();
  if (stored.expiresAt !== undefined && stored.expiresAt <= env.now()) throw unknown();
  if (who.kind === "user" && stored.owner === who.user) return stored;
  if (stored.access.kind === "own" || !isFor(stored.access, access)) throw unknown();
  if (stored.access.kind === "room") await checkIn(rooms, tx, stored.access.room, who);
  return stored;
}

/** Refuses `notMember` unless they are in the room. */
export async function checkIn(
  rooms: AssetsContext["rooms"],
  tx: ReadTx,
  room: RoomUri,
  who: Acquaintance,
): Promise<void> {
  if (await rooms.isIn(tx, room, who)) return;
  throw new Refusal("notMember", "Only those in the room get what was sent there.");
}

/** Whether what is brought is what it was given for. */
export function isFor(grant: CopyGrant, access: Access): boolean {
  if (grant.kind === "room") return access.kind === "room" && access.room === grant.room;
  return access.kind === "bearer" && timingSafeEqual(sha256(access.secret), grant.secretHash);
}

export function unknown(): Refusal {
  return new Refusal("notFound", "There is no such asset.");
}

/** The user that a session is of. */
export function asUser(user: UserUri): Acquaintance {
  return { kind: "user", user };
}
