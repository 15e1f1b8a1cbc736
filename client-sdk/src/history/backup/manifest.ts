import {
  type AssetLink,
  type Bytes,
  formatAssetLink,
  LABELS,
  parseAssetLink,
  Refusal,
  sha256,
  signedBytes,
  toHex,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

import type { HistoryContext } from "../context.ts";
import { openPiece, sealPiece } from "../piece.ts";
import { textAs } from "../text-as.ts";

/** A part of the backup: everything that was accepted from `from` on and before `to`. */
export type BackupSegment = {
  readonly from: number;
  readonly to: number;
  /** Which piece it is: a number that no other segment of the backup ever had. */
  readonly number: number;
  readonly rows: number;
  /** SHA-256 over which rows it has, to see whether the store has others. */
  readonly digest: string;
  readonly link: AssetLink;
};

/** What names all of the backup. */
export type BackupManifest = {
  readonly version: number;
  /** SHA-256 of the version before, as it was sealed; empty before version 1. */
  readonly previous: string;
  readonly savedAt: number;
  /** The version in which it was last begun anew, from what one client had. */
  readonly anew: number;
  /** Where the version before lies; the one after this takes its place. */
  readonly former: string;
  /** Ascending, without overlaps. */
  readonly segments: readonly BackupSegment[];
};

const linkSchema = textAs(parseAssetLink);
const time = z.int().nonnegative();

const manifestSchema = z.object({
  format: z.literal(1),
  version: z.int().positive(),
  previous: z.string(),
  savedAt: time,
  anew: time,
  former: z.string(),
  segments: z.array(
    z.object({
      from: time,
      to: time,
      number: time,
      rows: time,
      digest: z.string(),
      link: linkSchema,
    }),
  ),
});

/** Where the newest version lies, as the user's clients note it for each other. */
const headSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  version: z.int().positive(),
  hash: z.string(),
  link: linkSchema,
});
export type BackupHead = z.output<typeof headSchema>;

export function parseHead(value: unknown): BackupHead | undefined {
  return headSchema.safeParse(value).data;
}

export function headValue({ id, version, hash, link }: BackupHead) {
  return { id, version, hash, link: formatAssetLink(link) };
}

export function backupKey({ crypto, dataKey }: HistoryContext, id: Bytes): Bytes {
  if (dataKey === undefined) {
    throw new Refusal("notFound", "this store lacks the account's data key: log in once more");
  }
  return crypto.hkdfExpand(dataKey, signedBytes(LABELS.historyBackup, id), 32);
}

export function encodeManifest(manifest: BackupManifest): Bytes {
  const segments = manifest.segments.map(({ link, ...rest }) => ({
    ...rest,
    link: formatAssetLink(link),
  }));
  return utf8Encode(JSON.stringify({ format: 1, ...manifest, segments }));
}

/** Refuses `invalidMessage`. */
export function decodeManifest(content: Uint8Array): BackupManifest {
  const read = manifestSchema.safeParse(parsed(content)).data;
  if (read === undefined || !isWhole(read)) {
    throw new Refusal("invalidMessage", "the backup's manifest is none");
  }
  return read;
}

export function sealManifest(
  context: HistoryContext,
  { id, key }: { readonly id: Bytes; readonly key: Bytes },
  manifest: BackupManifest,
): Bytes {
  const { random } = context.env;
  const place = {
    kind: "backupManifest",
    owner: context.self,
    id,
    number: manifest.version,
  } as const;
  return sealPiece(random, key, place, encodeManifest(manifest));
}

/** Refuses `invalidMessage` for anything but the version that was asked for, as it was sealed. */
export function openManifest(
  context: HistoryContext,
  { id, key }: { readonly id: Bytes; readonly key: Bytes },
  head: BackupHead,
  sealed: Uint8Array,
): BackupManifest {
  const { version } = head;
  const place = { kind: "backupManifest", owner: context.self, id, number: version } as const;
  if (toHex(sha256(sealed)) !== head.hash) {
    throw new Refusal("invalidMessage", "the backup's manifest is another one than was noted");
  }
  const manifest = decodeManifest(openPiece(key, place, sealed));
  if (manifest.version === version) return manifest;
  throw new Refusal("invalidMessage", "the backup's manifest is of another version");
}

function parsed(content: Uint8Array): unknown {
  try {
    return JSON.parse(utf8Decode(content));
  } catch {
    return undefined;
  }
}

function isWhole({ segments }: BackupManifest): boolean {
  return segments.every(({ from, to }, at) => from < to && (segments[at - 1]?.to ?? 0) <= from);
}
