import {
  assetRequestCodec,
  assetResponseCodec,
  domainOf,
  LIMITS,
  Refusal,
} from "@treehouse/protocol";
import type { AssetResponse, AssetUri } from "@treehouse/protocol";
import type { Access } from "./authorize.ts";
import { unknown } from "./authorize.ts";
import type { AssetMetrics } from "./metrics.ts";
import type { Peers } from "./ports.ts";

/** What stands around the octets of an answer. */
const envelopeBytesMax = 64;
const retryAfterMs = 60_000;

/**
 * FED-1012: asks the server of an asset for one piece. An answer that is longer or shorter than it
 * must be, or of an asset that has changed its size, is none: the server is not believed.
 */
export async function fetchPiece(
  { metrics, peers }: { readonly metrics: AssetMetrics; readonly peers: Peers },
  {
    asset,
    access,
    index,
    size,
  }: {
    readonly asset: AssetUri;
    readonly access: Access;
    readonly index: number;
    /** Of the whole, once it is known. */
    readonly size: number | undefined;
  },
): Promise<AssetResponse> {
  if (access.kind === "own") throw unknown();
  const offset = index * LIMITS.assetPieceBytesMax;
  const body = assetRequestCodec.encode({
    asset,
    claim: access,
    offset,
    length: LIMITS.assetPieceBytesMax,
  });
  const answerBytesMax = LIMITS.assetPieceBytesMax + envelopeBytesMax;
  const octets = await peers.ask(domainOf(asset), { endpoint: "asset", body, answerBytesMax });
  const answer = decode(octets);
  const expected = answer && Math.min(LIMITS.assetPieceBytesMax, answer.size - offset);
  if (answer === undefined || answer.octets.length !== expected) throw wrong(metrics, "length");
  if (size !== undefined && size !== answer.size) throw wrong(metrics, "size");
  metrics.octets.add(answer.octets.length, { direction: "fetched" });
  return answer;
}

function decode(octets: Uint8Array): AssetResponse | undefined {
  try {
    return assetResponseCodec.decode(octets);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function wrong(metrics: AssetMetrics, reason: string): Refusal {
  metrics.refused.add(1, { reason });
  return new Refusal("peerUnreachable", "The other server's answer makes no sense.", {
    retryAfterMs,
  });
}
