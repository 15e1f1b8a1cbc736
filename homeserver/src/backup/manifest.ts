import { parseDomain } from "@treehouse/protocol";
import { z } from "zod";

const hex = (octets: number) => z.string().regex(new RegExp(`^[0-9a-f]{${octets * 2}}$`));

/** Names of the files in a backup. None can lead out of the folder where they are unpacked. */
const fileName = z.string().regex(/^(?:database|secrets\/[a-z][a-z0-9-]{0,63})$/);

const fileSchema = z.object({
  name: fileName,
  bytes: z.int().min(0),
  sha256: hex(32),
});

/** What a backup says of itself. Members that are not known are passed over. */
export const manifestSchema = z.object({
  /** Of what is in the content; how it is sealed has a version of its own. */
  format: z.literal(1),
  /** The release that made it. */
  software: z.string().max(64),
  domain: z.string().transform(parseDomain),
  /** Milliseconds since the Unix epoch. */
  createdAt: z.int().min(0),
  /** Of the streams, in that life of the server. */
  incarnation: hex(16),
  /** The counter of lives, as the database had it; see `begin-life.ts`. */
  lives: z.int().min(0),
  /** By module, the migrations that its tables have been through. */
  schema: z.record(
    z.string(),
    z.array(z.object({ position: z.int(), tag: z.string(), hash: hex(32) })),
  ),
  /** In the order in which they follow; none comes twice. */
  files: z
    .array(fileSchema)
    .min(1)
    .max(1_000)
    .refine((files) => new Set(files.map(({ name }) => name)).size === files.length),
});

export type Manifest = z.output<typeof manifestSchema>;
export type ManifestFile = z.output<typeof fileSchema>;

export const databaseName = "database";
export const secretsPrefix = "secrets/";
/** How a backup carries the keys of sealed columns; a server moves them to their own place. */
export const restoredSealingKeys = "sealing-keys";
