export { codec } from "./codec.ts";
export type { Codec, CodecValue } from "./codec.ts";
export { optional, readVersion, struct, variant, vector, versioned } from "./combinators.ts";
export {
  checked,
  enumeration,
  fixed,
  flags,
  opaque,
  u16,
  u32,
  u64,
  u8,
  utf8,
} from "./primitives.ts";
export { malformed, Reader } from "./reader.ts";
export type { Sharing } from "./reader.ts";
export { VARINT_MAX, varintLength, Writer } from "./writer.ts";
