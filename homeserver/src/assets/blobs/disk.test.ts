import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { blobStoreContract } from "./blob-store.contract.ts";
import { openDiskBlobs } from "./disk.ts";

describe("blobs on the disk", () => {
  blobStoreContract(async () => {
    const directory = join(mkdtempSync(join(tmpdir(), "treehouse-blobs-")), "blobs");
    return { blobs: await openDiskBlobs(directory), again: () => openDiskBlobs(directory) };
  });
});
