import { z } from "zod";
import { described, path } from "./described.ts";

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
    cache_mib: described(
      z.int().min(0).max(1_000_000_000).default(5120),
      "a whole number of MiB",
      "How much copies of other servers' files may take; what was not used for longest goes first.",
    ),
  })
  .prefault({});
