import { LIMITS, RATE_LIMITS, Refusal } from "@treehouse/protocol";
import type { AssetUri, Domain, Env, RoomUri, UserUri } from "@treehouse/protocol";
import { domainOf, toHex } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import { createRateLimiter, sha256 } from "../platform/index.ts";
import { asUser, checkIn, isFor, unknown } from "./authorize.ts";
import type { Access } from "./authorize.ts";
import type { CopyFiles } from "./copy-files.ts";
import { fetchPiece } from "./fetch-piece.ts";
import type { AssetMetrics } from "./metrics.ts";
import type { Peers, Rooms } from "./ports.ts";
import type { AssetStore, CopyGrant, StoredCopy } from "./store.ts";

type Wanted = {
  readonly asset: AssetUri;
  readonly access: Access;
  /** Fetched anew, also when it is here. */
  readonly fresh: boolean;
};

/**
 * Assets of other servers, read through this one: each piece is fetched once for all who read it at
 * the same time, and kept while there is room.
 */
export interface Copies {
  /** Refuses as `readAsset` does, and `rateLimited` who has one asset asked for again and again. */
  open(
    user: UserUri,
    wanted: Wanted,
  ): Promise<{
    readonly size: number;
    read(offset: number, length: number): AsyncIterable<Uint8Array>;
  }>;
  /** The server of these assets says that they are deleted. */
  forget(peer: Domain, assets: readonly AssetUri[]): Promise<void>;
  /** Deletes what was not used for longest until what is left is within its bound. */
  evict(): Promise<void>;
  readonly bytes: number;
}

export interface CopiesOptions {
  readonly env: Pick<Env, "now" | "monotonic">;
  readonly database: Database;
  readonly store: AssetStore;
  readonly rooms: Rooms;
  readonly peers: Peers;
  readonly metrics: AssetMetrics;
  readonly files: CopyFiles;
  readonly bytesMax: number;
  readonly assetBytesMax: number;
}

const pieceBytes = LIMITS.assetPieceBytesMax;
/** How much older than the truth the stored time of last use may be. */
const touchMs = 60_000;
/** Copies that are looked at for one that can go. */
const evictedAtOnce = 64;

export function createCopies(options: CopiesOptions): Copies {
  const { assetBytesMax, bytesMax, database, env, files, rooms, store } = options;
  /** Pieces on their way, so that many readers cause one request. */
  const underWay = new Map<string, Promise<Uint8Array>>();
  const opening = new Map<string, Promise<StoredCopy>>();
  const asks = createRateLimiter(env, RATE_LIMITS.assetAskPerUser, "assetAskPerUser");

  /** Whether the asset would take so much of the cache that others find no place. */
  const passesThrough = (size: number): boolean => size > bytesMax / 2;

  function shared<T>(
    table: Map<string, Promise<T>>,
    key: string,
    run: () => Promise<T>,
  ): Promise<T> {
    const known = table.get(key);
    if (known !== undefined) return known;
    const own = run().finally(() => table.delete(key));
    table.set(key, own);
    return own;
  }

  function piece(copy: StoredCopy, access: Access, index: number): Promise<Uint8Array> {
    const { asset, size } = copy;
    return shared(underWay, `${asset} ${index}`, async () => {
      const kept = passesThrough(size) ? undefined : await files.read(asset, index);
      if (kept?.length === Math.min(pieceBytes, size - index * pieceBytes)) return kept;
      const { octets } = await fetchPiece(options, { asset, access, index, size });
      if (!passesThrough(size)) await keep(asset, index, octets);
      return octets;
    });
  }

  /** Once the row is gone nothing finds the files any more to delete them, so that they go as well. */
  async function keep(asset: AssetUri, index: number, octets: Uint8Array): Promise<void> {
    await files.write(asset, index, octets);
    const known = await database.read((tx) => store.copy(tx, asset));
    if (known === undefined) await files.delete(asset);
  }

  /** Asks the asset's server whether it gives it for this, and learns how large it is. */
  async function ask(
    user: UserUri,
    { asset, access, fresh }: Wanted,
    known: StoredCopy | undefined,
  ): Promise<StoredCopy> {
    asks.take(`${user} ${asset}`);
    const grant = grantOf(access);
    const { size, octets } = await fetchPiece(options, {
      asset,
      access,
      index: 0,
      size: undefined,
    }).catch(async (error: unknown) => {
      // Whoever asks for it in another way than those who have it loses nothing but their own.
      if (known !== undefined && isFor(known.grant, access) && isGone(error)) await drop(asset);
      throw error;
    });
    if (size > assetBytesMax) {
      throw new Refusal("limitExceeded", "The asset is larger than this server takes.", {
        limitName: "assets.largest_mib",
        limit: assetBytesMax,
      });
    }
    if (known !== undefined && known.size !== size) await drop(asset);
    else if (fresh) await files.delete(asset);
    const now = env.now();
    const copy = { asset, size, grant, askedAt: now, usedAt: now };
    await database.transaction((tx) => store.putCopy(tx, copy));
    if (!passesThrough(size)) await keep(asset, 0, octets);
    return copy;
  }

  async function drop(asset: AssetUri): Promise<void> {
    await database.transaction((tx) => store.deleteCopy(tx, asset));
    await files.delete(asset);
  }

  async function find(user: UserUri, wanted: Wanted): Promise<StoredCopy> {
    const { asset, access, fresh } = wanted;
    if (access.kind === "own") throw unknown();
    const known = await database.read(async (tx) => {
      if (access.kind === "room") await checkIn(rooms, tx, access.room, asUser(user));
      return store.copy(tx, asset);
    });
    const now = env.now();
    const good = known !== undefined && known.askedAt > now - LIMITS.assetCopyKeptMs;
    if (!good || fresh || !isFor(known.grant, access)) {
      return shared(opening, keyOf(asset, access), () => ask(user, wanted, known));
    }
    if (known.usedAt < now - touchMs) {
      await database.transaction((tx) => store.useCopy(tx, asset, now));
    }
    return known;
  }

  async function* read(
    copy: StoredCopy,
    access: Access,
    offset: number,
    length: number,
  ): AsyncGenerator<Uint8Array> {
    const last = Math.floor((offset + length - 1) / pieceBytes);
    const ahead: Promise<Uint8Array>[] = [];
    let next = Math.floor(offset / pieceBytes);
    for (let index = next; index <= last; index += 1) {
      while (next <= last && next < index + LIMITS.assetPiecesAheadMax) {
        const coming = piece(copy, access, next);
        // It may fail before its turn comes, and is heard of then.
        coming.catch(() => undefined);
        ahead.push(coming);
        next += 1;
      }
      const octets = await ahead.shift();
      if (octets === undefined) return;
      const start = index * pieceBytes;
      yield octets.subarray(
        Math.max(0, offset - start),
        Math.min(octets.length, offset + length - start),
      );
    }
    await evict();
  }

  let evicting: Promise<void> | undefined;
  function evict(): Promise<void> {
    return (evicting ??= evictSome().finally(() => (evicting = undefined)));
  }

  async function evictSome(): Promise<void> {
    while (files.bytes > bytesMax) {
      const oldest = await database.read((tx) => store.oldestCopies(tx, evictedAtOnce));
      for (const { asset } of oldest) {
        if (files.bytes <= bytesMax) return;
        await drop(asset);
      }
      if (oldest.length === 0) return;
    }
  }

  return {
    get bytes() {
      return files.bytes;
    },
    async open(user, wanted) {
      const copy = await find(user, wanted);
      const { size } = copy;
      return { size, read: (offset, length) => read(copy, wanted.access, offset, length) };
    },
    async forget(peer, assets) {
      for (const asset of assets) if (domainOf(asset) === peer) await drop(asset);
    },
    evict,
  };
}

function grantOf(access: Access): CopyGrant {
  if (access.kind === "bearer") return { kind: "bearer", secretHash: sha256(access.secret) };
  if (access.kind === "room") return access;
  throw unknown();
}

function keyOf(asset: AssetUri, access: Access): string {
  const room: RoomUri | "" = access.kind === "room" ? access.room : "";
  const secret = access.kind === "bearer" ? toHex(sha256(access.secret)) : "";
  return `${asset} ${room} ${secret}`;
}

function isGone(error: unknown): boolean {
  return error instanceof Refusal && (error.code === "notFound" || error.code === "notMember");
}
