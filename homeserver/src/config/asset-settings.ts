import { z } from "zod";
import { described, path } from "./described.ts";
import { isLoopbackUrl } from "./loopback.ts";

/** The section `[assets]`. */
export const assetSettings = z
  .strictObject({
    directory: described(
      path(),
      "a path, or nothing",
      "Where files lie that clients have encrypted and uploaded, and copies of those of other " +
        "servers. By default the folder `assets` of `storage.directory`. A backup leaves them out.",
    ),
    largest_mib: described(
      z.int().min(1).max(1_000_000).default(4096),
      "a whole number of MiB, 1 at least",
      "The largest file that is taken, from users and from other servers.",
    ),
    quota_mib: described(
      z.int().min(1).max(1_000_000_000).default(10_240),
      "a whole number of MiB, 1 at least",
      "How much the files of one user may take.",
    ),
    total_mib: described(
      z.int().min(0).max(1_000_000_000).default(0),
      "a whole number of MiB, or 0",
      "How much all files may take; 0 for as much as the disk has.",
    ),
    free_mib: described(
      z.int().min(0).max(1_000_000_000).default(2048),
      "a whole number of MiB",
      "Room on the disk that files leave to the database: none is taken that would make it less.",
    ),
    kept_days: described(
      z.int().min(0).max(36_500).default(730),
      "a whole number of days, or 0",
      "How long what was sent to others is kept; 0 for as long as its sender wants it. What is " +
        "their user's own, such as backups, is kept in any case.",
    ),
    s3_endpoint: described(
      z
        .union([z.literal(""), z.url({ protocol: /^https$/ }), z.string().refine(isLoopbackUrl)])
        .default(""),
      "a URL such as https://s3.example.org, or nothing",
      "Where an object store that speaks S3 keeps the files instead of the disk. Uploads on their " +
        "way and copies of other servers' files stay on the disk.",
    ),
    s3_bucket: described(
      z.string().max(63).default(""),
      "a name, or nothing",
      "The bucket, which must exist; needed with `s3_endpoint`. Nobody else may write to it, and " +
        "nobody need read it.",
    ),
    s3_region: described(
      z.string().max(64).default("us-east-1"),
      "a name such as eu-central-1",
      "The region that requests are signed for.",
    ),
    s3_access_key_id: described(
      z.string().max(256).default(""),
      "a text, or nothing",
      "Who signs; needed with `s3_endpoint`.",
    ),
    s3_secret_access_key: described(
      z.string().max(256).default(""),
      "a text, or nothing",
      "The secret that goes with it. The variable keeps it out of the file.",
    ),
    s3_secret_file: described(
      path(),
      "a path, or nothing",
      "A file that holds that secret and nothing else, instead of `s3_secret_access_key`.",
    ),
    cache_mib: described(
      z.int().min(0).max(1_000_000_000).default(5120),
      "a whole number of MiB",
      "How much copies of other servers' files may take; what was not used for longest goes first.",
    ),
  })
  .prefault({});
