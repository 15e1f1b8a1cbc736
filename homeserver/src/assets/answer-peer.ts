import { domainOf, Refusal } from "@treehouse/protocol";
import type { AssetRequest, AssetResponse, Bytes, Domain } from "@treehouse/protocol";
import { authorize, unknown } from "./authorize.ts";
import { BlobGone } from "./blobs/index.ts";
import type { AssetsContext } from "./context.ts";

/**
 * FED-1011: gives another server octets of an asset of this one. Refuses `notFound`, and `notMember`
 * if no user of that server is in the room.
 */
export async function answerPeer(
  context: AssetsContext,
  peer: Domain,
  { asset, claim, offset, length }: AssetRequest,
): Promise<AssetResponse> {
  const { blobs, database, domain, metrics, store } = context;
  if (domainOf(asset) !== domain)
    throw new Refusal("misdirected", "The asset is another server's.");
  const who = { kind: "server", domain: peer } as const;
  const { known, size, blob } = await database.read(async (tx) => ({
    ...(await authorize(context, tx, who, { asset, access: claim })),
    known: await store.isHolder(tx, asset, peer),
  }));
  // Before anything of it leaves, so that its deletion reaches whoever has some of it.
  if (!known) await database.transaction((tx) => store.addHolder(tx, asset, peer));
  const octets = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
  if (octets.length > 0) await fill(octets, blobs.read(blob, offset, octets.length));
  metrics.octets.add(octets.length, { direction: "given" });
  return { size, octets };
}

async function fill(octets: Bytes, source: AsyncIterable<Uint8Array>): Promise<void> {
  let at = 0;
  try {
    for await (const chunk of source) {
      octets.set(chunk, at);
      at += chunk.length;
    }
  } catch (error) {
    if (error instanceof BlobGone) throw unknown();
    throw error;
  }
}
