export {
  type AssetAccess,
  type AssetEncryption,
  type AssetLink,
  checkAssetLink,
  ENC_ALG_CHUNKED,
  ENC_ALG_PLAIN,
} from "./asset-link.ts";
export { assetLinkOf, assetPart } from "./asset-part.ts";
export {
  assetLinkFromCbor,
  assetLinkToCbor,
  formatAssetLink,
  parseAssetLink,
} from "./asset-text.ts";
export {
  assetChunkAad,
  assetChunkNonce,
  assetChunkRange,
  CHUNK_CONTENT_BYTES,
  chunkCount,
  paddedLength,
  storedLength,
} from "./chunks.ts";
