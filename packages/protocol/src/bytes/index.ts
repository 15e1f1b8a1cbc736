export { fromBase64, toBase64 } from "./base64.ts";
export { fromBase64Url, toBase64Url } from "./base64url.ts";
export { concatBytes, copyBytes, equalBytes } from "./bytes.ts";
export type { Bytes } from "./bytes.ts";
export { fromHex, toHex } from "./hex.ts";
export { sha256 } from "./sha256.ts";
export type { Hash } from "./sha256.ts";
export { utf8Decode, utf8Encode } from "./utf8.ts";
