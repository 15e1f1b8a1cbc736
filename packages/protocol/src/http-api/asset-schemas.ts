import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { assetField, base64Url, count, roomField, time, token } from "./fields.ts";

/** Headers that name an asset and what gives access to it: paths end up in logs (T-30). */
export const ASSET_HEADERS = {
  asset: "treehouse-asset",
  room: "treehouse-room",
  secret: "treehouse-asset-secret",
  upload: "treehouse-upload",
  offset: "treehouse-offset",
} as const;

export const MEDIA_TYPE_OCTETS = "application/octet-stream";

const octets32 = base64Url({ min: 32, max: 32 });

/** For whom a new asset is. */
export const assetAudienceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("room"), room: roomField }),
  z.strictObject({
    kind: z.literal("bearer"),
    /** SHA-256 of the secret, which the server does not need. */
    secretHash: octets32,
  }),
  z.strictObject({
    kind: z.literal("own"),
    /** One asset of a user has it; another takes its place. */
    name: z
      .string()
      .max(LIMITS.assetNameBytesMax)
      .regex(/^[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/),
    /** What must have the name now: nothing, or this. */
    replaces: assetField.nullable().optional(),
  }),
]);
export type AssetAudience = z.output<typeof assetAudienceSchema>;
const audience = assetAudienceSchema;

export const assetUploadRequestSchema = z.strictObject({
  /** Of the encrypted octets. */
  size: count,
  audience,
  /** When the server may delete it; the operator's bound holds in any case. */
  expiresAt: time.optional(),
});

export const assetUploadAnswerSchema = z.object({
  /** Names the upload while it goes on; whoever has it can send octets. */
  upload: token,
  received: count,
});

export const assetUploadStateSchema = z.object({ received: count, size: count });

export const assetFinishRequestSchema = z.strictObject({
  upload: token,
  /** SHA-256 of all octets. */
  hash: octets32,
});

export const assetAnswerSchema = z.object({ asset: assetField, expiresAt: time.optional() });

export const assetUploadEndSchema = z.strictObject({ upload: token });

export const assetCopyRequestSchema = z.strictObject({
  asset: assetField,
  /** What gives access to it; neither, if it is the user's own. */
  room: roomField.optional(),
  secret: octets32.optional(),
  audience,
  expiresAt: time.optional(),
});

export const assetDeletionSchema = z.strictObject({ asset: assetField });

export const assetListRequestSchema = z.strictObject({
  prefix: z.string().max(LIMITS.assetNameBytesMax),
  /** The last name of the page before. */
  after: z.string().max(LIMITS.assetNameBytesMax),
});

export const assetListAnswerSchema = z.object({
  assets: z
    .array(z.object({ asset: assetField, name: z.string(), size: count, createdAt: time }))
    .max(LIMITS.assetsPageMax),
  more: z.boolean(),
});

export const assetUsageSchema = z.object({
  usedBytes: count,
  quotaBytes: count,
  assetBytesMax: count,
});
