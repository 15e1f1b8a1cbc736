import { DAY, KIB, MIB, MINUTE } from "./units.ts";

/** The part of `LIMITS` that is about assets. What an operator may change is in the settings. */
export const ASSET_LIMITS = {
  /** The octets of a part of an upload, and of one answer to a client that downloads. */
  assetPartBytesMax: 8 * MIB,
  /** The octets of an asset that one server gives another at once. */
  assetPieceBytesMax: MIB,
  /** Content of an asset that is encrypted whole, as MIMI has it; what is larger goes in chunks. */
  assetPlainBytesMax: MIB,
  /** Such an asset of another implementation, which must be held whole before it is believed. */
  assetWholeBytesMax: 16 * MIB,
  /** One chunk of a large asset, encrypted, its tag included. */
  assetChunkBytes: 256 * KIB,
  /** The name of an asset that is its user's own. */
  assetNameBytesMax: 128,
  /** Assets in one page of a list. */
  assetsPageMax: 500,
  /** Uploads of one user that are not finished. */
  assetUploadsPerUserMax: 16,
  /** Assets of one user. */
  assetsPerUserMax: 100_000,
  /** How long an upload may rest before it is forgotten. */
  assetUploadKeptMs: 7 * DAY,
  /** From the finish of an upload to the time until which its repetition gets the same answer. */
  assetFinishKeptMs: DAY,
  /** Downloads of one user that run at once. */
  assetStreamsPerUserMax: 8,
  /** Silence of a client that reads, or sends, an asset until it is cut off. */
  assetIdleMs: MINUTE,
  /** How long a file without an owner is left, which an upload or a restored backup may explain. */
  assetGarbageKeptMs: 7 * DAY,
  /** How long a copy of another server's asset is used without asking that server again. */
  assetCopyKeptMs: 7 * DAY,
  /** Pieces of one asset that are fetched from another server ahead of their reader. */
  assetPiecesAheadMax: 4,
  /** From a request for a piece to its answer: at the least rate it takes a minute. */
  assetPieceTimeoutMs: 65_000,
  /** Names of deleted assets of one request between servers. */
  assetsForgottenMax: 256,
  /** How long another server is told of a deletion that it does not take. */
  assetNoticeKeptMs: 30 * DAY,
} as const;

/** The part of `RATE_LIMITS` that is about the same. */
export const ASSET_RATES = {
  /** Uploads begun, references made and assets deleted, by user. */
  assetChangePerUser: { count: 2000, perMs: 10 * MINUTE },
  /** How often one asset's own server is asked whether it gives it, by the user who wants it. */
  assetAskPerUser: { count: 20, perMs: 10 * MINUTE },
  /** Pieces of assets, by the server that asks for them. */
  assetPiecePerPeer: { count: 60_000, perMs: MINUTE },
} as const;
