export { BlobGone } from "./blob-store.ts";
export type { BlobStore } from "./blob-store.ts";
export { openDiskBlobs } from "./disk.ts";
export { createS3Blobs } from "./s3.ts";
