import type { Domain, Env } from "@treehouse/protocol";
import type { Database, RateLimiter } from "../platform/index.ts";
import type { BlobStore } from "./blobs/index.ts";
import type { Copies } from "./copies.ts";
import type { LongActs } from "./long-acts.ts";
import type { AssetMetrics } from "./metrics.ts";
import type { Peers, Rooms } from "./ports.ts";
import type { Staging } from "./staging.ts";
import type { AssetStore } from "./store.ts";

/** What the operator has decided. */
export interface AssetBounds {
  readonly assetBytesMax: number;
  readonly userBytesMax: number;
  /** Of all blobs here; 0 = what the disk takes. */
  readonly totalBytesMax: number;
  /** Room on the disk that is left to everything else. */
  readonly freeBytesMin: number;
  /** How long what was uploaded for others is kept; 0 = for ever. */
  readonly keptMs: number;
  readonly cacheBytesMax: number;
}

export interface AssetsContext {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "log" | "metrics">;
  readonly database: Database;
  readonly domain: Domain;
  readonly store: AssetStore;
  readonly blobs: BlobStore;
  readonly staging: Staging;
  readonly copies: Copies;
  readonly bounds: AssetBounds;
  readonly rooms: Rooms;
  readonly peers: Peers;
  readonly acts: LongActs;
  readonly metrics: AssetMetrics;
  readonly changes: RateLimiter;
  /** Downloads that run now, by user. */
  readonly streams: Map<string, number>;
  /** Has the files of blobs deleted that nothing refers to; soon, and never throwing. */
  readonly sweepSoon: () => void;
  /** Has other servers told of deletions. */
  readonly tellSoon: () => void;
}
