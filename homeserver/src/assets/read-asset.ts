import { domainOf, LIMITS, Refusal } from "@treehouse/protocol";
import type { AssetUri, UserUri } from "@treehouse/protocol";
import { giveBack } from "../platform/index.ts";
import { asUser, authorize, unknown } from "./authorize.ts";
import type { Access } from "./authorize.ts";
import { BlobGone } from "./blobs/index.ts";
import type { AssetsContext } from "./context.ts";
import { parseRange } from "./range.ts";

export type Download = {
  readonly size: number;
  readonly offset: number;
  readonly length: number;
  readonly octets: AsyncIterable<Uint8Array>;
  /** To be called with buffers that have left, where nobody else reads from them. */
  readonly spent: ((octets: Uint8Array) => void) | undefined;
  /** Must be called when nothing more is read, however that ended. */
  readonly leave: () => void;
};

/**
 * The octets of an asset of any server, or a range of them. Refuses `notFound`, `notMember`,
 * `rateLimited` beyond the downloads that one user may have at once, and for those of other servers
 * what they refuse, and `peerUnreachable`.
 */
export async function readAsset(
  context: AssetsContext,
  user: UserUri,
  wanted: {
    readonly asset: AssetUri;
    readonly access: Access;
    readonly range: string | undefined;
    /** Past what is kept here of another server's asset. */
    readonly fresh: boolean;
  },
): Promise<Download> {
  const leave = enter(context, user);
  try {
    const { size, read, spent } = await open(context, user, wanted);
    const { offset, length } = parseRange(wanted.range, size);
    return { size, offset, length, octets: counted(context, read(offset, length)), spent, leave };
  } catch (error) {
    leave();
    throw error;
  }
}

type Opened = {
  readonly size: number;
  read(offset: number, length: number): AsyncIterable<Uint8Array>;
  readonly spent?: (octets: Uint8Array) => void;
};

async function open(
  context: AssetsContext,
  user: UserUri,
  wanted: { readonly asset: AssetUri; readonly access: Access; readonly fresh: boolean },
): Promise<Opened> {
  const { blobs, copies, database, domain } = context;
  if (domainOf(wanted.asset) !== domain) return copies.open(user, wanted);
  const { blob, size } = await database.read((tx) => authorize(context, tx, asUser(user), wanted));
  return {
    size,
    read: (offset, length) => known(context, blobs.read(blob, offset, length)),
    spent: giveBack,
  };
}

/** A blob that is lost is no fault of the asker's, and none that a repetition mends. */
async function* known(
  { env }: AssetsContext,
  octets: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* octets;
  } catch (error) {
    if (!(error instanceof BlobGone)) throw error;
    env.log.error("assetLost");
    throw unknown();
  }
}

function enter({ streams }: AssetsContext, user: UserUri): () => void {
  const running = streams.get(user) ?? 0;
  if (running >= LIMITS.assetStreamsPerUserMax) {
    throw new Refusal("rateLimited", "Too many downloads at once.", {
      retryAfterMs: 250,
      limitName: "assetStreamsPerUserMax",
      limit: LIMITS.assetStreamsPerUserMax,
    });
  }
  streams.set(user, running + 1);
  let left = false;
  return () => {
    if (left) return;
    left = true;
    const rest = (streams.get(user) ?? 1) - 1;
    if (rest === 0) streams.delete(user);
    else streams.set(user, rest);
  };
}

async function* counted(
  { metrics }: AssetsContext,
  octets: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of octets) {
    metrics.octets.add(chunk.length, { direction: "down" });
    yield chunk;
  }
}
